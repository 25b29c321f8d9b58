"""Python programs in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import facecraft

ROOT = Path(facecraft.__file__).parent.parent


def run_python(code: str, timeout_s: float = 300) -> str:
    """Run a program, and return what it printed.

    Raises:
        AssertionError: it failed, with what it wrote to standard error.
    """
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
