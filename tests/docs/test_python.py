"""The Python that the documents show, run as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.docs.conftest import environment
from tests.docs.documents import README, ROOT, blocks, page

README_BLOCK, *OTHERS = blocks(README.read_text(), "python")
SHOWN = [README_BLOCK, *blocks(page("python.md"), "python")]


def test_the_readme_shows_it_in_eight_lines() -> None:
    assert OTHERS == []
    assert len(README_BLOCK.splitlines()) <= 8


@pytest.mark.models
@pytest.mark.parametrize("code", SHOWN)
def test_it_runs(code: str, tmp_path: Path, photo: bytes) -> None:
    (tmp_path / "photos").mkdir()
    for name in ("anna.jpg", "photos/ben.jpg", "photos/carla.jpg"):
        (tmp_path / name).write_bytes(photo)
    own = environment({}) | {"PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, env=own, check=True, timeout=300
    )
    saved = re.findall(r'save\("([\w-]+\.jpg)"\)', code) or ["ben-badge.jpg", "carla-badge.jpg"]
    for name in saved:
        with Image.open(tmp_path / name) as picture:
            assert picture.format == "JPEG"
