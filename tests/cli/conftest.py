"""Run the command in a process of its own, as a user does, or in this one, where models are loaded once."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from facecraft.bootstrap import Runtime
from facecraft.cli import load

FACECRAFT = str(Path(sys.executable).parent / "facecraft")
OF_TERMINALS = ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "COLUMNS")
"""Variables that change how help and tables look."""
Main = Callable[..., int]


def environment(**settings: str) -> dict[str, str]:
    """This process's variables, but for Facecraft's and those of terminals; with these settings."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("FACECRAFT_") and name not in OF_TERMINALS
    }
    return inherited | {f"FACECRAFT_{name.upper()}": value for name, value in settings.items()}


def run(*args: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FACECRAFT, *map(str, args)],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def command_main(*args: str | Path) -> int:
    """Run a command in this process."""
    from facecraft.cli.main import main  # noqa: PLC0415

    return main([str(arg) for arg in args])


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, loaded: Runtime) -> Main:
    """Runs a command in this process, with the default models."""
    monkeypatch.setattr(load, "runtime", lambda _settings: nullcontext(loaded))
    return command_main


@pytest.fixture
def main_without_models(monkeypatch: pytest.MonkeyPatch) -> Main:
    """Runs a command in this process; fails if it loads models."""
    monkeypatch.setattr(load, "runtime", lambda _settings: pytest.fail("models were loaded"))
    return command_main
