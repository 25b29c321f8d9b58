"""Copies of the package in which forbidden imports can be planted; the tree itself stays as it is."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Copy:
    """The package, its contracts and the drawing, in a folder of their own."""

    root: Path

    def rooms(self) -> list[str]:
        """The folders and modules directly in the package."""
        package = self.root / "facecraft"
        folders = [path.parent.name for path in package.glob("*/__init__.py")]
        return sorted(folders + [path.stem for path in package.glob("*.py") if path.stem != "__init__"])

    def plant(self, room: str, line: str) -> str:
        """Put a line into a room: a new module in a folder, the end of a module; its name."""
        package = self.root / "facecraft"
        path, module = package / room / "planted.py", f"facecraft.{room}.planted"
        if not path.parent.is_dir():
            path, module = package / f"{room}.py", f"facecraft.{room}"
        with path.open("a") as source:
            source.write(f"\n{line}\n")
        return module

    def lint_imports(self) -> subprocess.CompletedProcess[str]:
        return self._run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo")

    def draw(self) -> subprocess.CompletedProcess[str]:
        return self._run(sys.executable, "-m", "lint.imports")

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    for folder in ("facecraft", "lint"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return Copy(tmp_path)
