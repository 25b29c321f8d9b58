"""Help, wrong usage, exit codes and what is imported: nothing here loads a model."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import facecraft
from tests.cli.conftest import FACECRAFT, command_main, environment, run

COMMANDS = {
    "process", "check", "detect", "presets", "serve", "healthcheck", "bench", "models", "export", "selftest",
}  # fmt: skip
WRONG_USAGE = [
    ((), "Missing command. See `facecraft --help`."),
    (("proces",), "No such command 'proces'. Did you mean 'process', 'presets'? See `facecraft --help`."),
    (("process",), "Missing argument 'PHOTO...'. See `facecraft process --help`."),
    (("process", "a.jpg"), "Missing option '--output' / '-o'. See `facecraft process --help`."),
    (("process", "a.jpg", "-o"), "Option '-o' requires an argument. See `facecraft process --help`."),
    (("check", "a.jpg", "--colour"), "No such option: --colour. See `facecraft check --help`."),
    (("bench", "--clients", "1,x"), "See `facecraft bench --help`."),
    (("bench", "--requests", "0"), "See `facecraft bench --help`."),
    (("models",), "See `facecraft models --help`."),
    (("models", "pull", "--set", "full", "facemesh"), "See `facecraft models pull --help`."),
]


def test_the_version_is_the_packages() -> None:
    assert run("--version").stdout == f"facecraft {facecraft.__version__}\n"


def test_python_runs_the_package_as_the_command() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "facecraft", "--version"], capture_output=True, text=True, check=True
    )
    assert result.stdout == f"facecraft {facecraft.__version__}\n"


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_every_command(option: str) -> None:
    result = run(option)
    assert result.returncode == 0
    assert set(re.findall(r"^│ (\w+)  ", result.stdout, re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_main(command, "--help") == 0
    shown = capsys.readouterr()
    assert f"facecraft {command} " in shown.out
    assert shown.err == ""


@pytest.mark.parametrize(("args", "message"), WRONG_USAGE, ids=lambda value: " ".join(value) or "nothing")
def test_wrong_usage_ends_with_exit_code_2_and_one_line(args: tuple[str, ...], message: str) -> None:
    result = run(*args)
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("facecraft: usage_error: ")
    assert line.endswith(message)


@pytest.mark.parametrize("args", ["--help", "--version", "process --help", "models --help"])
def test_help_imports_neither_torch_nor_opencv(args: str) -> None:
    assert imported_by(args) == []


def test_presets_are_listed_without_what_runs_models() -> None:
    assert set(imported_by("presets")) <= {"cv2"}


def imported_by(args: str) -> list[str]:
    """Which of the packages that take long to import a command imports."""
    program = f"""
import sys
from facecraft.cli.main import main
code = main({args.split()!r})
heavy = {{"torch", "cv2", "onnx", "onnxruntime", "ai_edge_litert", "insightface", "fastapi"}}
print(*sorted(heavy & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0
    return result.stderr.split()


def test_a_reader_that_leaves_ends_the_command_silently() -> None:
    with subprocess.Popen(
        [FACECRAFT, "presets", "--json"], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 1


def test_ctrl_c_ends_with_exit_code_130_and_no_traceback(group_path: Path, tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.jpg").write_bytes(group_path.read_bytes())
    command = [FACECRAFT, "process", str(tmp_path), "-o", str(tmp_path / "out"), "--when", "always"]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 120
        while not (tmp_path / "out" / "00.jpg").exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
        assert process.wait(20) == 130
    assert len(list((tmp_path / "out").glob("*.jpg"))) < 20


def on_terminal(program: str, **variables: str) -> str:
    """What a program prints on a terminal."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment() | {"TERM": "xterm", "COLUMNS": "100"} | variables,
        stdout=follower,
    ) as process:
        os.close(follower)
        printed = b""
        try:
            while block := os.read(leader, 1000):
                printed += block
        except OSError:  # the other end is closed
            pass
        os.close(leader)
    assert process.returncode == 0
    return printed.decode()


TABLE = "from facecraft.cli.table import print_table; print_table(('result',), [('pass',), ('fail',)])"


def test_tables_have_colours_on_a_terminal_only() -> None:
    assert "\x1b[32mpass" in on_terminal(TABLE)
    piped = subprocess.run(
        [sys.executable, "-c", TABLE], env=environment(), capture_output=True, text=True, check=True
    )
    assert piped.stdout == "result\npass\nfail\n"


def test_no_color_is_respected() -> None:
    printed = on_terminal(TABLE, NO_COLOR="1")
    assert "pass" in printed
    assert not re.search(r"\x1b\[[\d;]*3\d", printed)
