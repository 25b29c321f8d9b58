import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageCms

from facecraft.errors import (
    ImageTooLarge,
    InferenceFailed,
    UnsupportedFormat,
)
from facecraft.imaging import codec
from facecraft.imaging.limits import check_format
from facecraft.imaging.picture import Picture
from facecraft.types import RGBImage
from tests.imaging.files import LIMITS, decode, saved


@pytest.mark.parametrize("format_", ["png", "webp", "avif"])
def test_transparency_survives(format_: str) -> None:
    alpha = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data = codec.encode(Picture(np.full((16, 16, 3), 90, np.uint8), alpha), format_, 100)
    again = decode(data, LIMITS).alpha
    assert again is not None
    assert abs(again.astype(int) - alpha).max() <= (1 if format_ == "avif" else 0)


def test_an_avif_is_the_picture_at_its_resolution(astronaut: RGBImage) -> None:
    data = codec.encode(Picture(astronaut), "avif", 90, 300)
    decoded = decode(data, LIMITS)
    assert decoded.source.format == "avif"
    assert abs(decoded.rgb.astype(int) - astronaut).mean() < 2
    with Image.open(io.BytesIO(data)) as image:
        assert [image.getexif()[tag] for tag in (0x011A, 0x011B, 0x0128)] == [300, 300, 2]


def test_an_avif_may_have_half_the_pixels_of_the_limit() -> None:
    limits = replace(LIMITS, pixels=200)
    check_format(10, 10, "avif", limits)
    with pytest.raises(ImageTooLarge, match="more memory") as caught:
        check_format(101, 1, "avif", limits)
    assert caught.value.limit == 100
    check_format(10, 20, "webp", limits)


def test_a_jpeg_lays_transparency_on_white() -> None:
    data = codec.encode(Picture(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), np.uint8)), "jpeg")
    assert (decode(data, LIMITS).rgb > 250).all()


@pytest.mark.parametrize(
    ("format_", "longest"), [("webp", 16_383), ("jpeg", 65_500), ("png", 1_000_000), ("avif", 32_768)]
)
def test_a_side_at_a_formats_limit_is_encoded_and_one_over_it_refused(format_: str, longest: int) -> None:
    check_format(1, longest, format_, LIMITS)  # type: ignore[arg-type]
    codec.encode(Picture(np.zeros((longest, 1, 3), np.uint8)), format_)
    with pytest.raises(ImageTooLarge) as caught:
        check_format(longest + 1, 1, format_, LIMITS)  # type: ignore[arg-type]
    assert caught.value.limit == longest


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif"])
def test_no_metadata_reaches_the_output(format_: str, astronaut: RGBImage) -> None:
    # A JPEG with a place, a comment, an XMP packet and a profile.
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(
        Image.fromarray(astronaut), "JPEG", exif=exif, comment=b"SECRET", xmp=b"SECRET-XMP", icc_profile=srgb
    )
    decoded = decode(data, LIMITS)
    encoded = codec.encode(Picture(decoded.rgb, decoded.alpha), format_)
    assert b"SECRET" not in encoded
    left = set(Image.open(io.BytesIO(encoded)).info)
    assert left <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "loop",
        "background",
        "timestamp",
        "duration",
    }


def test_quality_changes_the_size(astronaut: RGBImage) -> None:
    sizes = [len(codec.encode(Picture(astronaut), "jpeg", quality)) for quality in (1, 50, 90, 100)]
    assert sizes == sorted(sizes)
    assert len(codec.encode(Picture(astronaut), "jpeg")) == sizes[2]


def test_a_format_that_is_not_written_is_refused(astronaut: RGBImage) -> None:
    for name in ("heic", "gif", "JPEG", "nonsense"):
        with pytest.raises(UnsupportedFormat, match="Facecraft cannot write"):
            codec.encode(Picture(astronaut), name)


def test_a_picture_that_opencv_cannot_encode_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cv2.imencode", lambda *_: (False, None))
    with pytest.raises(InferenceFailed, match="could not be encoded"):
        codec.encode(Picture(np.zeros((4, 4, 3), np.uint8)), "png")
