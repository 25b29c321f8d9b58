"""Each file is made here, by Pillow or by hand, and described beside it."""

import io
import struct
import zlib
from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image, ImageCms

from facecraft.errors import (
    FacecraftError,
    ImageTooLarge,
    UndecodableImage,
    UnsupportedFormat,
    UploadTooLarge,
)
from facecraft.imaging import codec
from facecraft.imaging.jpeg import count_scans
from facecraft.imaging.picture import Picture
from facecraft.types import Alpha, RGBImage, Source

LIMITS = codec.Limits(upload_bytes=20_000_000, pixels=40_000_000, frames=1000, scans=100)


@dataclass(frozen=True)
class Decoded:
    rgb: RGBImage
    alpha: Alpha | None
    source: Source


def decode(data: bytes, limits: codec.Limits) -> Decoded:
    picture, source = codec.decode(data, limits)
    return Decoded(picture.rgb, picture.alpha, source)


def saved(image: Image.Image, name: str, **parameters: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **parameters)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_by_hand(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG whose header and pixels are given, for what Pillow does not write."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + pixels + chunk(b"IEND", b"")


def quadrants() -> Image.Image:
    """16 x 24: red, green above blue, white, so that every orientation looks different."""
    pixels = np.zeros((24, 16, 3), np.uint8)
    pixels[:12, :8], pixels[:12, 8:], pixels[12:, :8], pixels[12:, 8:] = (
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
        (255, 255, 255),
    )
    return Image.fromarray(pixels)


@pytest.mark.parametrize("name", ["PNG", "WEBP"])
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


def test_broken_exif_counts_as_none() -> None:
    # A JPEG whose EXIF block is noise.
    decoded = decode(saved(quadrants(), "JPEG", exif=b"Exif\x00\x00garbage" * 4), LIMITS)
    assert decoded.rgb.shape == (24, 16, 3)


def swapped_profile() -> bytes:
    """An RGB profile whose red and green primaries are exchanged: sRGB with two tag names swapped."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"....", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"....", b"gXYZ", 1)


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


@pytest.mark.parametrize("format_", ["png", "webp"])
def test_transparency_survives(format_: str) -> None:
    alpha = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data = codec.encode(Picture(np.full((16, 16, 3), 90, np.uint8), alpha), format_, 100)
    again = decode(data, LIMITS).alpha
    assert again is not None
    assert (again == alpha).all()


def test_a_jpeg_lays_transparency_on_white() -> None:
    data = codec.encode(Picture(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), np.uint8)), "jpeg")
    assert (decode(data, LIMITS).rgb > 250).all()


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


def progressive(scans: int) -> bytes:
    """A progressive JPEG of one grey pixel block whose last scan is repeated up to that number."""
    data = saved(Image.new("L", (8, 8), 77), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * (scans - count_scans(data, 1000) + 1) + data[-2:]


def noisy_segment_jpeg() -> bytes:
    """A baseline JPEG with a comment full of bytes that look like starts of scans."""
    return saved(quadrants(), "JPEG", comment=b"\xff\xda\x00\x02" * 500)


def test_scans_are_counted_by_markers_not_by_bytes() -> None:
    assert count_scans(noisy_segment_jpeg(), 100) == 1


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
    ("GIF", saved(Image.new("P", (4, 4)), "GIF")),
    ("BMP", saved(Image.new("RGB", (4, 4)), "BMP")),
    ("TIFF", saved(Image.new("RGB", (4, 4)), "TIFF")),
    ("HEIC", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"),
    ("AVIF", b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00"),
    ("PDF", b"%PDF-1.7\n"),
    ("SVG", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
    ("not an image", b"hello, world"),
]


@pytest.mark.parametrize(("name", "data"), OTHER_FORMATS, ids=[row[0] for row in OTHER_FORMATS])
def test_another_format_is_refused_by_its_name(name: str, data: bytes) -> None:
    with pytest.raises(UnsupportedFormat, match=name):
        decode(data, LIMITS)


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


@pytest.mark.parametrize(("format_", "longest"), [("webp", 16_383), ("jpeg", 65_500), ("png", 1_000_000)])
def test_a_side_at_a_formats_limit_is_encoded_and_one_over_it_refused(format_: str, longest: int) -> None:
    codec.check_side(1, longest, format_)  # type: ignore[arg-type]
    codec.encode(Picture(np.zeros((longest, 1, 3), np.uint8)), format_)
    with pytest.raises(ImageTooLarge) as caught:
        codec.check_side(longest + 1, 1, format_)  # type: ignore[arg-type]
    assert caught.value.limit == longest


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(UndecodableImage):
        decode(b"", LIMITS)


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp"])
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
    for name in ("avif", "gif", "JPEG", "nonsense"):
        with pytest.raises(UnsupportedFormat, match="is not written"):
            codec.encode(Picture(astronaut), name)
