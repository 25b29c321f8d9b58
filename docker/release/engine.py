"""Use a Docker engine through the `docker` command."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


class CheckFailed(Exception):
    """A failed check, with the findings."""


@dataclass(frozen=True, slots=True)
class Output:
    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine.

    Attributes:
        host: a value of DOCKER_HOST; None for the default of `docker`.
    """

    host: str | None = None

    def run(self, *args: str, stdin: bytes | None = None, timeout_s: float = 1800) -> bytes:
        """Run `docker ARGS` and return its output.

        Raises:
            CheckFailed: its exit code is not 0; with its last lines.
        """
        result = self._execute(args, stdin, timeout_s)
        if result.returncode != 0:
            message = (result.stderr or result.stdout).decode(errors="replace").strip()
            raise CheckFailed(f"docker {args[0]} failed: {message[-2000:]}")
        return result.stdout

    def text(self, *args: str) -> str:
        return self.run(*args).decode(errors="replace").strip()

    def attempt(self, *args: str) -> Output:
        """Like `run`, for any exit code."""
        result = self._execute(args, None, 600)
        return Output(result.returncode, result.stdout.decode(), result.stderr.decode())

    def inspect(self, image: str) -> dict[str, Any]:
        (image_data,) = json.loads(self.run("image", "inspect", image))
        found: dict[str, Any] = image_data
        return found

    @contextmanager
    def container(self, image: str, *options: str, command: Sequence[str] = ()) -> Iterator["Container"]:
        """Run a container for the block, then remove it."""
        name = self.text("run", "-d", *options, image, *command)
        try:
            yield Container(self, name)
        finally:
            self.run("rm", "-f", "-v", name)

    def _execute(
        self, args: Sequence[str], stdin: bytes | None, timeout_s: float
    ) -> subprocess.CompletedProcess[bytes]:
        environment = os.environ | ({"DOCKER_HOST": self.host} if self.host else {})
        return subprocess.run(
            ["docker", *args],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            env=environment,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )


@dataclass(frozen=True, slots=True)
class Container:
    engine: Engine
    name: str

    def python(self, program: str, *args: str, stdin: bytes | None = None) -> bytes:
        """Run a Python program inside, as the container's own user. Return its output."""
        interactive = () if stdin is None else ("-i",)
        return self.engine.run("exec", *interactive, self.name, "python", "-c", program, *args, stdin=stdin)

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.engine.run("inspect", "-f", "{{json .State}}", self.name))
        return state

    def wait_for(self, what: str, condition: Callable[[], T | None], timeout_s: float) -> T:
        """Wait until the condition returns a value, and return it.

        Raises:
            CheckFailed: the container stopped, or the time is over.
        """
        deadline = time.monotonic() + timeout_s
        while (found := condition()) is None:
            state = self.state()
            if not state["Running"]:
                raise CheckFailed(f"not {what}, it ended with exit code {state['ExitCode']}: {self.logs()}")
            if time.monotonic() > deadline:
                raise CheckFailed(f"not {what} after {timeout_s:g} s: {self.logs()}")
            time.sleep(0.2)
        return found

    def logs(self) -> str:
        output = self.engine.attempt("logs", "--tail", "20", self.name)
        return " | ".join((output.stdout + output.stderr).strip().splitlines())
