"""What cleaning the largest picture costs, in a process of its own."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from facecraft.imaging import codec
from facecraft.imaging.picture import Picture
from facecraft.service.capacity.memory import NETWORK_BYTES, PIXEL_BYTES
from facecraft.types import RGBImage
from tests.damages import noisy

SIDE_PX = 6324  # 40 megapixels
# The peak is reset first: loading the models takes more memory than they keep.
GROWTH = """
import re, sys
from pathlib import Path
from facecraft.bootstrap import load
from facecraft.options import Options
from facecraft.service.capacity.memory import resident_bytes
from facecraft.settings import Settings
from facecraft.weights.lockfile import default_lock_path, load_lock

large, small = (Path(name).read_bytes() for name in sys.argv[1:])
pipeline = load(Settings(device="cpu"), load_lock(default_lock_path())).pipeline
assert pipeline.process(small, Options()).cleaned
before = resident_bytes()
Path("/proc/self/clear_refs").write_text("5")
portrait = pipeline.process(large, Options(when="always"))
assert portrait.cleaned
peak = int(re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[0]) * 1024
print(peak - before)
"""


def test_the_largest_picture_is_cleaned_within_what_is_counted(astronaut: RGBImage, tmp_path: Path) -> None:
    large = np.asarray(cv2.resize(astronaut, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR), np.uint8)
    (tmp_path / "large").write_bytes(codec.encode(Picture(large), "jpeg", 50))
    (tmp_path / "small").write_bytes(codec.encode(Picture(noisy(astronaut, 15)), "jpeg", 90))
    command = [sys.executable, "-c", GROWTH, str(tmp_path / "large"), str(tmp_path / "small")]
    grown = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    pixels = SIDE_PX**2
    assert 6 * pixels < grown < PIXEL_BYTES * pixels + NETWORK_BYTES, f"{grown / pixels:.1f} bytes a pixel"
