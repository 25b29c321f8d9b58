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
SIDE_PX = 6324  # squared, as good as 40 megapixels
GROWTH = """
import json, re, sys
from pathlib import Path
from facecraft.bootstrap import load
from facecraft.options import Options
from facecraft.settings import Settings
from facecraft.weights.lockfile import default_lock_path, load_lock

def peak_bytes():
    return int(re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[0]) * 1024

pipeline = load(Settings(device="cpu", max_upload_bytes=100_000_000), load_lock(default_lock_path())).pipeline
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
        '{"background": "transparent", "tone": "auto", "mask": "oval", "format": "webp", "max_kb": 300}',
    ],
)
def test_the_largest_picture_stays_within_what_is_counted_for_a_pixel(
    options: str, astronaut: RGBImage, tmp_path: Path
) -> None:
    large = np.asarray(cv2.resize(astronaut, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
    (tmp_path / "large").write_bytes(codec.encode(Picture(large), "jpeg", 60))
    assert 0 < grown_bytes(options, astronaut, tmp_path) < PIXEL_BYTES * SIDE_PX**2


@pytest.mark.parametrize("alpha", ["gradient", "noise"])
def test_so_does_the_largest_webp_with_transparency(alpha: str, astronaut: RGBImage, tmp_path: Path) -> None:
    large = np.asarray(cv2.resize(astronaut, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
    planes = {
        "gradient": np.tile(np.linspace(60, 255, SIDE_PX).astype(np.uint8), (SIDE_PX, 1)),
        "noise": np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX), dtype=np.uint8),
    }
    (tmp_path / "large").write_bytes(codec.encode(Picture(large, planes[alpha]), "webp", 60))
    options = '{"background": "transparent", "tone": "auto", "format": "webp"}'
    assert 0 < grown_bytes(options, astronaut, tmp_path) < PIXEL_BYTES * SIDE_PX**2


def grown_bytes(options: str, astronaut: RGBImage, folder: Path) -> int:
    """How much a process grows by the photo in `folder`, over what a small one has taken."""
    # It is cleaned in one whole tile: the bound counts the networks' memory apart from the pixels'.
    tile = np.asarray(cv2.resize(astronaut, (TILE_PX, TILE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
    (folder / "tile").write_bytes(codec.encode(Picture(tile), "jpeg", 60))
    command = [sys.executable, "-c", GROWTH, str(folder / "large"), options, str(folder / "tile")]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
