"""What finishing costs in the largest picture, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecraft.imaging import codec
from facecraft.imaging.picture import Picture
from facecraft.restoration.cleaning import TILING
from facecraft.service.capacity.memory import PIXEL_BYTES
from facecraft.types import RGBImage

TILE_PX = TILING.tile_px
GROWTH = """
import json, re, sys
from pathlib import Path
from facecraft.bootstrap import load
from facecraft.options import Options
from facecraft.settings import Settings
from facecraft.weights.lockfile import default_lock_path, load_lock

def peak_bytes():
    return int(re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[0]) * 1024

pipeline = load(Settings(device="cpu"), load_lock(default_lock_path())).pipeline
data, options = Path(sys.argv[1]).read_bytes(), Options.parse(json.loads(sys.argv[2]))
pipeline.process(Path(sys.argv[3]).read_bytes(), Options(), judge=True)
before = peak_bytes()
pipeline.process(data, options, judge=True)
print(peak_bytes() - before)
"""


@pytest.mark.parametrize(
    "options",
    [
        '{"background": "white", "tone": "auto", "mask": "oval", "format": "jpeg"}',
        '{"background": "transparent", "tone": "auto", "mask": "oval", "format": "png"}',
        '{"background": "blur", "tone": "auto", "format": "webp"}',
    ],
)
def test_the_largest_picture_stays_within_what_is_counted_for_a_pixel(
    options: str, astronaut: RGBImage, tmp_path: Path
) -> None:
    large = np.asarray(cv2.resize(astronaut, (6324, 6324), interpolation=cv2.INTER_CUBIC), np.uint8)
    (tmp_path / "large").write_bytes(codec.encode(Picture(large), "jpeg", 60))
    # It is cleaned in one whole tile: the bound counts the networks' memory apart from the pixels'.
    tile = np.asarray(cv2.resize(astronaut, (TILE_PX, TILE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
    (tmp_path / "tile").write_bytes(codec.encode(Picture(tile), "jpeg", 60))
    command = [sys.executable, "-c", GROWTH, str(tmp_path / "large"), options, str(tmp_path / "tile")]
    grown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert 0 < int(grown) < PIXEL_BYTES * 6324**2
