"""Files that are refused, and those at the limit that are not."""

from dataclasses import replace

import pytest
from PIL import Image

from facecraft.errors import (
    FacecraftError,
    ImageTooLarge,
    UndecodableImage,
    UnsupportedFormat,
    UploadTooLarge,
)
from facecraft.imaging import jpeg
from facecraft.imaging.pixels import still_by_opencv
from facecraft.types import RGBImage
from tests.imaging.files import LIMITS, decode, png_by_hand, quadrants, saved


def progressive(scans: int) -> bytes:
    """A progressive JPEG of one grey pixel block whose last scan is repeated up to that number."""
    data = saved(Image.new("L", (8, 8), 77), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * (scans - len(jpeg.read(data, 1000).scans) + 1) + data[-2:]


def noisy_segment_jpeg() -> bytes:
    """A baseline JPEG with a comment full of bytes that look like starts of scans."""
    return saved(quadrants(), "JPEG", comment=b"\xff\xda\x00\x02" * 500)


def test_scans_are_counted_by_markers_not_by_bytes() -> None:
    assert len(jpeg.read(noisy_segment_jpeg(), 100).scans) == 1


def test_as_many_scans_as_the_limit_are_accepted() -> None:
    assert decode(progressive(100), LIMITS).rgb.shape == (8, 8, 3)


# Each limit: the file, the limit it meets exactly, one less, and the error.
GREY_10_BY_20 = saved(Image.new("L", (10, 20)), "PNG")
THREE_PICTURES = saved(
    Image.new("RGB", (8, 8)),
    "WEBP",
    save_all=True,
    append_images=[Image.new("RGB", (8, 8), c) for c in ("red", "blue")],
)
BORDERS = [
    ("upload_bytes", GREY_10_BY_20, len(GREY_10_BY_20), UploadTooLarge),
    ("pixels", GREY_10_BY_20, 200, ImageTooLarge),
    ("frames", THREE_PICTURES, 3, ImageTooLarge),
    ("scans", progressive(100), 100, ImageTooLarge),
]


@pytest.mark.parametrize(("limit", "data", "exact", "error"), BORDERS, ids=[row[0] for row in BORDERS])
def test_a_file_at_the_limit_is_accepted_and_one_over_it_refused(
    limit: str, data: bytes, exact: int, error: type[FacecraftError]
) -> None:
    decode(data, replace(LIMITS, **{limit: exact}))
    with pytest.raises(error) as caught:
        decode(data, replace(LIMITS, **{limit: exact - 1}))
    assert caught.value.limit == exact - 1


def test_a_header_that_claims_a_huge_picture_is_refused_before_decoding() -> None:
    # 100 bytes that claim 100 000 x 100 000 pixels.
    data = png_by_hand(100_000, 100_000, 8, 2, b"")
    with pytest.raises(ImageTooLarge):
        decode(data, LIMITS)


OTHER_FORMATS = [
    ("not an image", b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x00crx isom"),
    ("PDF", b"%PDF-1.7\n"),
    ("SVG", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
    ("not an image", b"hello, world"),
]


@pytest.mark.parametrize(("name", "data"), OTHER_FORMATS)
def test_another_format_is_refused_by_its_name(name: str, data: bytes) -> None:
    with pytest.raises(UnsupportedFormat, match=name) as caught:
        decode(data, LIMITS)
    assert "JPEG, PNG, WebP, AVIF, HEIC, TIFF, GIF or BMP" in caught.value.hint


@pytest.mark.parametrize("name", ["heic", "avif", "tiff", "gif", "bmp"])
def test_a_file_that_only_starts_as_a_format_is_refused(name: str) -> None:
    start = {
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "avif": b"\0\0\0\x18ftypavif\0\0\0\0mif1avif",
        "tiff": b"II*\0\x08\0\0\0", "gif": b"GIF89a", "bmp": b"BM",
    }[name]  # fmt: skip
    for rest in (b"", bytes(200), b"\xff" * 200):
        with pytest.raises((UndecodableImage, UnsupportedFormat)):
            decode(start + rest, LIMITS)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_truncated_file_is_refused(name: str, share: float, astronaut: RGBImage) -> None:
    # A real portrait, cut off.
    data = saved(Image.fromarray(astronaut), name)
    with pytest.raises(UndecodableImage):
        decode(data[: int(len(data) * share)], LIMITS)


def test_a_palette_png_without_a_palette_is_refused() -> None:
    # One pixel of colour type 3 and no PLTE chunk.
    with pytest.raises(UndecodableImage):
        decode(png_by_hand(1, 1, 8, 3, b"\x00\x00"), LIMITS)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(UndecodableImage):
        decode(b"", LIMITS)


def test_padding_before_a_marker_is_no_scan() -> None:
    plain = saved(quadrants(), "JPEG")
    padded = plain[:2] + b"\xff\xff\xff" + plain[2:]
    assert len(jpeg.read(padded, 100).scans) == len(jpeg.read(plain, 100).scans) == 1
    assert not jpeg.read(plain[:4], 100).scans


@pytest.mark.parametrize("data", [b"RIFF\x10\x00\x00\x00WEBPVP8 nonsense", b""], ids=["nonsense", "nothing"])
def test_a_webp_that_opencv_cannot_decode_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="cannot decode"):
        still_by_opencv(data)
