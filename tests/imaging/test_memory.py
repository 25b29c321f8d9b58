"""What decoding costs, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.imaging.files import chunk
from tests.imaging.heifs import deep_heic, heic, repeated

GROWTH = """
import re, sys
from pathlib import Path
from facecraft.imaging.codec import decode
from facecraft.imaging.limits import Limits, Terms

def peak_mb():
    return int(re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[0]) / 1024

data, before = Path(sys.argv[1]).read_bytes(), peak_mb()
decode(data, Limits(upload_bytes=10**9, pixels=40_000_000, frames=1, scans=100), Terms(reduced=True))
print(peak_mb() - before)
"""


@pytest.mark.parametrize(
    ("name", "mode", "parameters"),
    [
        ("JPEG", "RGB", {"exif": 6}),
        ("JPEG", "CMYK", {}),
        ("PNG", "RGBA", {"exif": 6, "compress_level": 1}),
        ("PNG", "I;16", {"compress_level": 1}),
        ("WEBP", "RGBA", {"method": 0, "lossless": False}),
        ("AVIF", "RGBA", {"exif": 6, "speed": 10, "subsampling": "4:4:4"}),
        ("TIFF", "RGBA", {"exif": 6, "compression": "tiff_adobe_deflate"}),
        ("TIFF", "I;16", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", "CMYK", {"compression": "raw"}),
        ("GIF", "P", {}),
        ("BMP", "RGB", {}),
    ],
)
def test_the_largest_picture_grows_the_process_by_less_than_512_mb(
    name: str, mode: str, parameters: dict[str, object], tmp_path: Path
) -> None:
    Image.new(mode, (6324, 6324), 99).save(tmp_path / "photo", name, **with_exif(parameters))
    assert 100 < growth_mb(tmp_path / "photo") < 512


def test_nor_does_the_largest_heic_of_each_depth(tmp_path: Path) -> None:
    # Grids, as phones write them: a picture of this size in one piece takes a minute to encode.
    (tmp_path / "photo").write_bytes(
        repeated(heic(Image.effect_noise((1054, 1054), 9).convert("RGB")), 6, 1054)
    )
    assert 100 < growth_mb(tmp_path / "photo") < 512
    tile = deep_heic(np.full((992, 992, 4), 9999, np.uint16), "RGBA;16", 12, chroma=444)
    (tmp_path / "photo").write_bytes(repeated(tile, 5, 992))  # more than 25 megapixels of these are refused
    assert 100 < growth_mb(tmp_path / "photo") < 512


@pytest.mark.parametrize(
    ("size", "mode", "parameters"),
    [
        ((14140, 14140), "RGB", {"exif": 6}),  # 200 megapixels
        ((14140, 14140), "CMYK", {}),
        ((12000, 9000), "RGB", {"progressive": True}),  # 108, of which a decoder keeps 324 MB, decoded at 1/2
    ],
)
def test_a_larger_jpeg_takes_no_more(
    size: tuple[int, int], mode: str, parameters: dict[str, object], tmp_path: Path
) -> None:
    Image.new(mode, size, 99).save(tmp_path / "photo", "JPEG", **with_exif(parameters))
    assert 100 < growth_mb(tmp_path / "photo") < 512


def with_exif(parameters: dict[str, object]) -> dict[str, object]:
    """Parameters whose orientation is in EXIF."""
    if "exif" not in parameters:
        return parameters
    exif = Image.Exif()
    exif[0x0112] = parameters["exif"]
    return parameters | {"exif": exif}


def test_so_does_one_with_16_bits_in_a_colour_space_of_its_own(tmp_path: Path) -> None:
    values = np.full((6324, 6324, 4), 9999, np.uint16)
    data = cv2.imencode(".png", values, (cv2.IMWRITE_PNG_COMPRESSION, 1))[1].tobytes()
    (tmp_path / "photo").write_bytes(data[:33] + chunk(b"cICP", bytes((9, 14, 0, 1))) + data[33:])
    assert 100 < growth_mb(tmp_path / "photo") < 512


def growth_mb(photo: Path) -> float:
    command = [sys.executable, "-c", GROWTH, str(photo)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
