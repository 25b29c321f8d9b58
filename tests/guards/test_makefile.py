"""What the Makefile tells a newcomer."""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def make(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    # Without what a make around the tests would pass on.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment = inherited if path is None else {"PATH": path}
    command = [shutil.which("make") or "make", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY:((?:.*\\\n)*.*)", makefile, re.MULTILINE)
    assert phony is not None
    targets = set(phony[1].replace("\\", "").split())
    assert {"run", "test", "test-fast", "lint", "fmt"} < targets
    listed = {name for line in make("help").stdout.splitlines() for name in line[:24].split()}
    assert listed == targets


def test_without_python_one_line_says_what_to_do(tmp_path: Path) -> None:
    for tool in ("sh", "sed", "git"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / tool).symlink_to(found)
    result = make("--silent", "run", f"VENV={tmp_path / 'venv'}", path=str(tmp_path))
    assert result.returncode != 0
    assert result.stdout == ""
    message, failed = result.stderr.splitlines()
    assert message.startswith("There is no python3.11: install it, or uv")
    assert "Error" in failed
    assert not (tmp_path / "venv").exists()


def test_an_install_says_first_what_it_takes(tmp_path: Path) -> None:
    plan = make("--dry-run", "run", f"VENV={tmp_path / 'venv'}").stdout
    said, installed = plan.index("1.7 GB on disk"), plan.index("pip")
    assert said < installed
    assert "MB" in plan[:installed]
    assert "three minutes" in plan[:installed]
