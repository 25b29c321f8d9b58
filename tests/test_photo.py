import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from facecraft.errors import UnsupportedFormat
from facecraft.imaging.codec import Limits, decode
from facecraft.photo import Photo, read
from facecraft.types import RGBImage

LIMITS = Limits(upload_bytes=10_000_000, pixels=1_000_000, frames=1, scans=1)
NOISE = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)


def rgb(photo: Photo) -> RGBImage:
    picture, _ = decode(read(photo), LIMITS)
    return picture.rgb


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(NOISE).save(buffer, "JPEG")
    return buffer.getvalue()


def test_a_file_is_read_as_it_is_however_it_is_given(tmp_path: Path) -> None:
    data = jpeg()
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with path.open("rb") as file:
        for photo in (str(path), path, data, bytearray(data), memoryview(data), io.BytesIO(data), file):
            assert read(photo) == data


def test_an_array_loses_nothing() -> None:
    assert (rgb(NOISE) == NOISE).all()
    assert (rgb(NOISE[::-1, ::2]) == NOISE[::-1, ::2]).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBX", "CMYK", "HSV", "YCbCr"])
def test_an_image_of_any_mode_loses_no_more_than_its_conversion(mode: str) -> None:
    image = Image.fromarray(NOISE).convert(mode)
    assert (rgb(image) == np.asarray(image.convert("RGB"))).all()


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_an_image_keeps_its_transparency(mode: str) -> None:
    image = Image.fromarray(NOISE).convert(mode)
    image.putalpha(Image.fromarray(NOISE[..., 0]))
    picture, _ = decode(read(image), LIMITS)
    alpha = picture.alpha
    assert alpha is not None
    assert (alpha == NOISE[..., 0]).all()


def test_an_image_keeps_its_orientation_and_its_profile() -> None:
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(NOISE).save(buffer, "JPEG", exif=exif, icc_profile=profile)
    with Image.open(buffer) as image:
        assert (rgb(image) == np.asarray(ImageOps.exif_transpose(image))).all()
        with Image.open(io.BytesIO(read(image))) as written:
            assert written.info["icc_profile"] == profile


@pytest.mark.parametrize(
    "array",
    [
        NOISE[..., 0],
        NOISE.astype(np.float32) / 255,
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        NOISE[None],
    ],
    ids=["grey", "float", "four channels", "empty", "batch"],
)
def test_an_array_that_is_no_rgb_picture_is_refused(array: np.ndarray) -> None:
    with pytest.raises(UnsupportedFormat, match="The array is"):
        read(array)


@pytest.mark.parametrize("photo", [None, 1, io.StringIO("text"), object()])
def test_what_is_no_photo_is_refused(photo: object) -> None:
    with pytest.raises(TypeError, match="A photo is a path, bytes"):
        read(photo)  # type: ignore[arg-type]


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.jpg")
