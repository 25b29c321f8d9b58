import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from facecraft.errors import ImageTooLarge, UndecodableImage, UnsupportedFormat
from facecraft.imaging.codec import convert, decode
from facecraft.imaging.limits import Limits
from facecraft.imaging.picture import Picture
from facecraft.photo import Photo, read
from facecraft.types import RGBImage, Source
from tests.imaging.files import swapped_profile

LIMITS = Limits(upload_bytes=100, pixels=1200, frames=1, scans=1)
NOISE = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)


def converted(photo: Photo) -> tuple[Picture, Source]:
    image = read(photo)
    assert isinstance(image, Image.Image)
    return convert(image, LIMITS)


def rgb(photo: Photo) -> RGBImage:
    return converted(photo)[0].rgb


def opened(format_: str, **more: object) -> Image.Image:
    buffer = io.BytesIO()
    Image.fromarray(NOISE).save(buffer, format_, **more)
    return Image.open(buffer)


def content(image: Image.Image, **more: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **more)
    return buffer.getvalue()


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
    alpha = converted(image)[0].alpha
    assert alpha is not None
    assert (alpha == NOISE[..., 0]).all()


def test_an_image_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with opened("JPEG", exif=exif) as image:
        picture, source = converted(image)
        assert (picture.rgb == np.asarray(ImageOps.exif_transpose(image))).all()
        assert (source.width, source.height) == (40, 30)
        assert image.size == (30, 40)


def test_an_image_is_converted_from_its_profile_as_its_file_is() -> None:
    profile = swapped_profile()
    with opened("PNG", icc_profile=profile) as image:
        image.load()
        expected, _ = decode(content(image, icc_profile=profile), replace(LIMITS, upload_bytes=10_000))
        assert (rgb(image) == expected.rgb).all()
        assert not (rgb(image) == NOISE).all()


@pytest.mark.parametrize(
    ("written", "expected"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp"), ("BMP", "png")]
)
def test_an_image_has_its_own_format_if_it_is_one_that_is_written(written: str, expected: str) -> None:
    with opened(written) as image:
        assert converted(image)[1] == Source(30, 40, expected, 1)
    assert converted(NOISE)[1] == Source(30, 40, "png", 1)


def test_an_image_is_taken_at_its_current_frame_and_stays_there() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    with Image.open(buffer) as image:
        image.seek(1)
        assert (rgb(image) == (0, 255, 0)).all()
        assert image.tell() == 1


def test_only_the_limit_of_pixels_counts_for_an_image() -> None:
    assert NOISE.nbytes > LIMITS.upload_bytes
    with pytest.raises(ImageTooLarge):
        rgb(np.zeros((41, 30, 3), np.uint8))


def broken() -> Image.Image:
    data = bytearray(content(Image.fromarray(NOISE)))
    data[60:] = b"broken"
    return Image.open(io.BytesIO(bytes(data)))


def closed() -> Image.Image:
    image = opened("PNG")
    image.close()
    return image


@pytest.mark.parametrize(
    "make",
    [broken, closed, lambda: Image.fromarray(NOISE).convert("LA").convert("La")],
    ids=["broken", "closed", "premultiplied grey"],
)
def test_an_image_that_cannot_be_read_is_an_error_of_ours(make: Callable[[], Image.Image]) -> None:
    with pytest.raises(UndecodableImage):
        rgb(make())


def test_a_file_that_is_closed_is_an_error_of_ours() -> None:
    file = io.BytesIO(jpeg())
    file.close()
    with pytest.raises(UndecodableImage, match="closed"):
        read(file)


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
