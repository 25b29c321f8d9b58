"""`make verify-image IMAGE=...`: print a line for each check; the exit code is 1 if any failed."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator

from docker.release.checks import STILL
from docker.release.engine import CheckFailed, Container, Engine
from docker.release.portrait import PORTRAIT, check_portrait, inside
from docker.release.subject import Subject

HARDENED = (
    *("--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--pids-limit", "512", "--memory", "4g"),
)
READY_TIMEOUT_S, HEALTHY_TIMEOUT_S, GRACE_S = 180, 60, 10

Line = tuple[str, str | CheckFailed]


def verify(subject: Subject) -> Iterator[Line]:
    """Run every check. Yield its name and its findings."""
    for name, check in STILL.items():
        yield name, _outcome(lambda check=check: check(subject))  # type: ignore[misc]
    try:
        yield from _running(subject)
    except CheckFailed as error:
        yield "running", error


def _running(subject: Subject) -> Iterator[Line]:
    """Check a container without network and capabilities, and with a read-only root."""
    start = time.monotonic()
    with subject.engine.container(subject.image, *HARDENED, *subject.serve_options) as container:
        device = container.wait_for("ready", lambda: _ready(container), READY_TIMEOUT_S)
        yield "ready", f"offline, read-only, no capabilities: {time.monotonic() - start:.1f} s, {device}"
        yield "healthy", _outcome(lambda: _healthy(container))
        yield "portrait", _outcome(lambda: check_portrait(inside(container), PORTRAIT.read_bytes()))
        yield "stop", _outcome(lambda: _stop(container))


def _outcome(check: Callable[[], str]) -> str | CheckFailed:
    try:
        return check()
    except CheckFailed as error:
        return error


def _ready(container: Container) -> str | None:
    output = container.engine.attempt("exec", container.name, "facecraft", "healthcheck")
    return output.stdout.strip() if output.code == 0 else None


def _healthy(container: Container) -> str:
    def status() -> str | None:
        found: str = container.state()["Health"]["Status"]
        return found if found == "healthy" else None

    start = time.monotonic()
    container.wait_for("healthy by its own HEALTHCHECK", status, HEALTHY_TIMEOUT_S)
    return f"by its own HEALTHCHECK, {time.monotonic() - start:.1f} s later"


def _stop(container: Container) -> str:
    start = time.monotonic()
    container.engine.run("stop", "-t", str(GRACE_S), container.name)
    seconds, code = time.monotonic() - start, container.state()["ExitCode"]
    if code != 0 or seconds >= GRACE_S:
        raise CheckFailed(f"SIGTERM ended it after {seconds:.1f} s with exit code {code}")
    return f"SIGTERM ended it after {seconds:.1f} s with exit code 0"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    image = parser.parse_args().image
    failed = 0
    for name, found in verify(Subject(image, Engine())):
        wrong = isinstance(found, CheckFailed)
        failed += wrong
        print(f"{'FAIL' if wrong else 'ok':<4}  {name:<14}  {found}", flush=True)
    print(f"{image}: {f'{failed} checks failed' if failed else 'verified'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
