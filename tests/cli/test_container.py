"""The first word of `docker run IMAGE ...`; tests/docker has the images themselves."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import environment
from tests.cli.test_main import COMMANDS

ENTRYPOINT = [sys.executable, "-P", "-m", "facecraft.cli.container"]
EXIT_5_ON_SIGTERM = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ENTRYPOINT, *words], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )


def test_a_word_that_is_no_command_is_run_as_a_program() -> None:
    assert run("id", "-u").stdout == f"{os.getuid()}\n"


def test_the_exit_code_is_that_of_the_program() -> None:
    assert run("sh", "-c", "exit 7").returncode == 7


def test_a_program_gets_the_signals() -> None:
    command = [*ENTRYPOINT, "sh", "-c", EXIT_5_ON_SIGTERM]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 5


def test_a_program_ignores_no_signal_that_python_does() -> None:
    result = run("sh", "-c", "yes | head -n 1")
    assert (result.stdout, result.stderr) == ("y\n", "")


@pytest.mark.parametrize("words", [("--help",), ("presets", "--help"), ("--version",)])
def test_commands_and_options_are_facecrafts(words: tuple[str, ...]) -> None:
    shown = run(*words).stdout
    assert "Usage: facecraft" in shown or shown.startswith("facecraft ")


def test_a_command_of_facecraft_is_never_another_program(tmp_path: Path) -> None:
    (tmp_path / "presets").write_text("#!/bin/sh\necho another\n")
    (tmp_path / "presets").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    command = [*ENTRYPOINT, "presets", "--help"]
    result = subprocess.run(
        command, env=environment() | {"PATH": path}, capture_output=True, text=True, check=True
    )
    assert "Usage: facecraft presets" in result.stdout


def test_a_mistyped_command_says_what_was_tried_and_which_commands_there_are() -> None:
    result = run("proces", "a.jpg")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(
        "facecraft: usage_error: 'proces' is no command of Facecraft, and no program in this image. "
        "Did you mean 'process'? The commands are "
    )
    assert all(command in line for command in COMMANDS)


def test_a_program_that_cannot_be_run_ends_in_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    result = run(str(broken))
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"facecraft: usage_error: {broken} cannot be run: ")
