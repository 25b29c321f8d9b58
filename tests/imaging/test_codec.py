"""Each file is made here, by Pillow or by hand, and described beside it."""

import struct

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from facecraft.errors import UndecodableImage
from facecraft.imaging import codec
from facecraft.types import RGBImage
from tests.imaging.files import LIMITS, chunk, decode, png_by_hand, quadrants, saved, swapped_profile


@pytest.mark.parametrize("name", ["PNG", "WEBP", "TIFF", "BMP"])
def test_a_lossless_file_decodes_to_its_pixels(name: str, astronaut: RGBImage) -> None:
    decoded = decode(saved(Image.fromarray(astronaut), name, lossless=True), LIMITS)
    assert (decoded.rgb == astronaut).all()
    assert decoded.alpha is None
    assert (decoded.source.width, decoded.source.height, decoded.source.frames) == (512, 512, 1)
    assert decoded.source.format == name.lower()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation_is_applied(orientation: int, name: str) -> None:
    # A picture turned away from upright, with the tag that says how.
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = quadrants()
    if orientation > 1:
        stored = stored.transpose(turned[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    parameters = {"quality": 100, "subsampling": 0} if name == "JPEG" else {"lossless": True}
    decoded = decode(saved(stored, name, exif=exif, **parameters), LIMITS)
    assert decoded.rgb.shape == (24, 16, 3)
    assert abs(decoded.rgb.astype(int) - np.asarray(quadrants())).max() < 12
    assert (decoded.source.width, decoded.source.height) == (16, 24)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_xmp_alone_turns_nothing(name: str) -> None:
    # As in browsers. Pillow would take the turn that it names.
    packet = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet.decode())
    told = {"pnginfo": info} if name == "PNG" else {"xmp": packet}
    assert decode(saved(quadrants(), name, **told), LIMITS).rgb.shape == (24, 16, 3)


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_an_image_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UndecodableImage, match="no pixels"):
        codec.convert(Image.new("RGB", size), LIMITS)


def test_broken_exif_counts_as_none() -> None:
    # A JPEG whose EXIF block is noise.
    decoded = decode(saved(quadrants(), "JPEG", exif=b"Exif\x00\x00garbage" * 4), LIMITS)
    assert decoded.rgb.shape == (24, 16, 3)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_icc_profile_is_converted_to_srgb(mode: str) -> None:
    # A PNG in the swapped profile: what it stores as red is green.
    picture = Image.new("RGB", (8, 8), (200, 30, 40)).convert(mode)
    decoded = decode(saved(picture, "PNG", icc_profile=swapped_profile()), LIMITS)
    assert abs(decoded.rgb[0, 0].astype(int) - (30, 200, 40)).max() <= 2


def test_an_icc_profile_that_is_noise_counts_as_srgb() -> None:
    # A PNG whose iCCP chunk holds no profile.
    decoded = decode(saved(Image.new("RGB", (8, 8), (200, 30, 40)), "PNG", icc_profile=b"noise" * 40), LIMITS)
    assert decoded.rgb[0, 0].tolist() == [200, 30, 40]


def test_cmyk_comes_out_right() -> None:
    # A CMYK JPEG of pure magenta.
    decoded = decode(saved(Image.new("CMYK", (16, 16), (0, 255, 0, 0)), "JPEG", quality=95), LIMITS)
    red, green, blue = decoded.rgb[8, 8].tolist()
    assert red > 245
    assert green < 10
    assert blue > 245


def test_16_bit_grey_keeps_its_high_byte() -> None:
    # A 16-bit grey PNG with a ramp from black to white.
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, axis=0)
    decoded = decode(saved(Image.fromarray(ramp), "PNG"), LIMITS)
    assert abs(decoded.rgb[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_16_bit_rgb_keeps_its_high_byte() -> None:
    # A 1 x 1 PNG with 16 bits a channel.
    data = png_by_hand(1, 1, 16, 2, b"\x00" + struct.pack(">HHH", 0xC8FF, 0x1E00, 0x2880))
    assert decode(data, LIMITS).rgb.tolist() == [[[0xC8, 0x1E, 0x28]]]


def test_16_bit_grey_with_a_transparent_value_has_alpha() -> None:
    # A 2 x 1 grey PNG of 16 bits that names one of its two values transparent.
    data = png_by_hand(2, 1, 16, 0, b"\x00" + struct.pack(">HH", 1000, 40000), chunk(b"tRNS", b"\x03\xe8"))
    alpha = decode(data, LIMITS).alpha
    assert alpha is not None
    assert alpha.tolist() == [[0, 255]]


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA"])
def test_each_mode_comes_out_in_rgb(mode: str) -> None:
    # A white picture in that mode.
    white = Image.new("RGBA" if mode.endswith("A") else "RGB", (5, 4), "white")
    decoded = decode(saved(white.convert(mode), "PNG"), LIMITS)
    assert decoded.rgb.shape == (4, 5, 3)
    assert (decoded.rgb == 255).all()
    assert (decoded.alpha is not None) == (mode in {"LA", "RGBA"})


def test_a_transparent_palette_entry_becomes_alpha() -> None:
    # A palette PNG whose entry 0 is transparent.
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    decoded = decode(saved(image, "PNG", transparency=0), LIMITS)
    assert decoded.alpha is not None
    assert decoded.alpha.tolist() == [[0, 255]]
    assert decoded.rgb[0, 1].tolist() == [40, 50, 60]


@pytest.mark.parametrize(("name", "parameters"), [("PNG", {}), ("WEBP", {"lossless": True})])
def test_the_first_of_several_pictures_is_used(name: str, parameters: dict[str, object]) -> None:
    # An animation of three pictures: red, green, blue.
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    data = saved(frames[0], name, save_all=True, append_images=frames[1:], **parameters)
    decoded = decode(data, LIMITS)
    assert decoded.source.frames == 3
    assert decoded.rgb[4, 4].tolist() == [255, 0, 0]


def test_a_jpeg_of_several_pictures_is_a_jpeg() -> None:
    # An MPO file, as phones with two lenses write.
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    decoded = decode(saved(frames[0], "MPO", save_all=True, append_images=frames[1:]), LIMITS)
    assert (decoded.source.format, decoded.source.frames) == ("jpeg", 2)
    assert decoded.rgb[8, 8, 0] > 250
