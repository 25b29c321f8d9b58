"""HEIC and AVIF, in every mode in which cameras and programs write them."""

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from facecraft.imaging.codec import convert
from facecraft.types import RGBImage
from tests.imaging import heifs
from tests.imaging.files import LIMITS, decode, quadrants, swapped_profile
from tests.imaging.heifs import Item, assemble, avif, box, deep_avif, deep_heic, full, heic

BRANDS = list(heifs.WRITERS)


def with_alpha(rgb: RGBImage) -> Image.Image:
    image = Image.fromarray(rgb)
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def sixteen(rgb: RGBImage) -> np.ndarray:
    return rgb.astype(np.uint16) * 257


def grey(rgb: RGBImage) -> Image.Image:
    return Image.fromarray(rgb).convert("L")


MODES: dict[str, Callable[[RGBImage], bytes]] = {
    "heic, 8 bits": lambda rgb: heic(Image.fromarray(rgb)),
    "heic, 8 bits, 4:4:4": lambda rgb: heic(Image.fromarray(rgb), chroma=444),
    "heic, 8 bits, alpha": lambda rgb: heic(with_alpha(rgb)),
    "heic, 10 bits": lambda rgb: deep_heic(sixteen(rgb), "RGB;16", 10),
    "heic, 12 bits": lambda rgb: deep_heic(sixteen(rgb), "RGB;16", 12, chroma=444),
    "heic, 10 bits, alpha": lambda rgb: deep_heic(sixteen(np.asarray(with_alpha(rgb))), "RGBA;16", 10),
    "heic, 12 bits, alpha": lambda rgb: deep_heic(sixteen(np.asarray(with_alpha(rgb))), "RGBA;16", 12),
    "heic, grey": lambda rgb: heic(grey(rgb)),
    "heic, grey, 10 bits": lambda rgb: deep_heic(sixteen(np.asarray(grey(rgb))), "L;16", 10),
    "heic, grey, 12 bits": lambda rgb: deep_heic(sixteen(np.asarray(grey(rgb))), "L;16", 12),
    "heic, grey, alpha": lambda rgb: heic(with_alpha(rgb).convert("LA")),
    "heic, grid": lambda rgb: heifs.gridded(heic, Image.fromarray(rgb), b"heic", 192),
    "heic, thumbnail": lambda rgb: heic(Image.fromarray(rgb), thumbnails=[64, 128]),
    "avif, 8 bits": lambda rgb: avif(Image.fromarray(rgb)),
    "avif, 8 bits, 4:4:4": lambda rgb: avif(Image.fromarray(rgb), subsampling="4:4:4"),
    "avif, 8 bits, alpha": lambda rgb: avif(with_alpha(rgb)),
    "avif, 10 bits": lambda rgb: deep_avif(rgb, 10),
    "avif, 12 bits": lambda rgb: deep_avif(rgb, 12),
    "avif, grey": lambda rgb: avif(grey(rgb)),
    "avif, grid": lambda rgb: heifs.gridded(avif, Image.fromarray(rgb), b"avif", 192),
}


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_decodes_to_its_pixels(mode: str, astronaut: RGBImage) -> None:
    decoded = decode(MODES[mode](astronaut), LIMITS)
    shown = np.asarray(grey(astronaut).convert("RGB")) if "grey" in mode else astronaut
    assert decoded.rgb.shape == (512, 512, 3)
    assert abs(decoded.rgb.astype(int) - shown).mean() < 4
    assert (decoded.alpha is not None) == ("alpha" in mode)
    if decoded.alpha is not None:
        wanted = np.asarray(with_alpha(astronaut))[..., 3]
        assert abs(decoded.alpha.astype(int) - wanted).mean() < 2
    assert (decoded.source.format, decoded.source.frames) == (mode[:4], 1)


def test_what_belongs_to_the_picture_is_not_decoded(astronaut: RGBImage) -> None:
    # The depth and the thumbnail of this file are noise.
    picture = heifs.primary(heic(Image.fromarray(astronaut)))
    depth = Item(b"hvc1", b"noise" * 9, picture.properties).and_(full(b"auxC", heifs.DEPTH))
    thumbnail = Item(b"hvc1", b"noise" * 9, picture.properties)
    links = ((b"auxl", 2, [1]), (b"thmb", 3, [1]))
    decoded = decode(assemble(b"heic", [picture, depth, thumbnail], *links), LIMITS)
    assert abs(decoded.rgb.astype(int) - astronaut).mean() < 4
    assert decoded.source.frames == 1


def turned(brand: bytes, *properties: bytes) -> RGBImage:
    picture = heifs.primary(heifs.WRITERS[brand](large_quadrants(), quality=95))
    return decode(assemble(brand, [picture.and_(*properties)]), LIMITS).rgb


def large_quadrants() -> Image.Image:
    return quadrants().resize((128, 192), Image.Resampling.NEAREST)


def alike(first: RGBImage, second: RGBImage) -> bool:
    return first.shape == second.shape and bool(abs(first.astype(int) - second).mean() < 6)


@pytest.mark.parametrize("brand", BRANDS)
def test_rotation_and_mirroring_are_applied(brand: bytes) -> None:
    stored = np.asarray(large_quadrants())
    for quarters in range(4):
        assert alike(turned(brand, box(b"irot", bytes([quarters]))), np.rot90(stored, quarters))
    assert alike(turned(brand, box(b"imir", b"\0")), stored[::-1])
    assert alike(turned(brand, box(b"imir", b"\1")), stored[:, ::-1])
    both = turned(brand, box(b"irot", b"\1"), box(b"imir", b"\1"))
    assert alike(both, np.rot90(stored)[:, ::-1])


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("orientation", [3, 5, 6, 8])
def test_exif_that_says_the_same_once_more_turns_nothing_more(brand: bytes, orientation: int) -> None:
    # As phones write it: irot, imir and EXIF for one turn. EXIF alone turns nothing, as in viewers.
    stored = np.asarray(large_quadrants())
    file = heifs.WRITERS[brand](large_quadrants(), quality=95, exif=exif_of(orientation))
    turn = {3: (2, False), 5: (1, True), 6: (3, False), 8: (1, False)}[orientation]
    wanted = np.rot90(stored, turn[0])[:: -1 if turn[1] else 1]
    assert alike(decode(file, LIMITS).rgb, wanted)
    picture, exif = heifs.primary(file), Item(b"Exif", b"\0\0\0\6" + exif_of(orientation))
    again = assemble(brand, [picture, exif], (b"cdsc", 2, [1]))
    assert alike(decode(again, LIMITS).rgb, wanted)
    alone = assemble(brand, [picture.without(b"irot").without(b"imir"), exif], (b"cdsc", 2, [1]))
    assert alike(decode(alone, LIMITS).rgb, stored)


@pytest.mark.parametrize("brand", BRANDS)
def test_an_orientation_in_xmp_turns_nothing(brand: bytes) -> None:
    words = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    xmp = Item(b"mime", words, media_type=b"application/rdf+xml\0")
    picture = heifs.primary(heifs.WRITERS[brand](large_quadrants(), quality=95))
    decoded = decode(assemble(brand, [picture, xmp], (b"cdsc", 2, [1])), LIMITS)
    assert alike(decoded.rgb, np.asarray(large_quadrants()))


def test_broken_exif_counts_as_none() -> None:
    items = [heifs.primary(heic(large_quadrants())), Item(b"Exif", b"\0\0\0\0garbage of no use")]
    decoded = decode(assemble(b"heic", items, (b"cdsc", 2, [1])), LIMITS)
    assert alike(decoded.rgb, np.asarray(large_quadrants()))


@pytest.mark.parametrize("brand", BRANDS)
def test_a_profile_is_converted_to_srgb(brand: bytes) -> None:
    picture = Image.new("RGB", (64, 64), (200, 30, 40))
    file = heifs.WRITERS[brand](picture, quality=95, icc_profile=swapped_profile())
    assert abs(decode(file, LIMITS).rgb[32, 32].astype(int) - (30, 200, 40)).max() <= 8


def named(brand: bytes, primaries: int, transfer: int, level: tuple[int, int, int]) -> list[int]:
    """What a picture of one colour comes out as, with its colours named by numbers."""
    picture = heifs.primary(
        heifs.WRITERS[brand](Image.new("RGB", (64, 64), level), quality=100, **FULL_COLOUR[brand])
    )
    colours = box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 6, 0x80))
    file = assemble(brand, [picture.without(b"colr").and_(colours)])
    return [int(each) for each in decode(file, LIMITS).rgb[32, 32]]


FULL_COLOUR: dict[bytes, dict[str, object]] = {b"heic": {"chroma": 444}, b"avif": {"subsampling": "4:4:4"}}


@pytest.mark.parametrize("brand", BRANDS)
def test_colours_that_are_named_by_numbers_are_converted_to_srgb(brand: bytes) -> None:
    near = pytest.approx([200, 120, 100], abs=4)
    for transfer in (13, 1, 2, 6):  # as browsers do, what is made for video counts as sRGB
        assert named(brand, 1, transfer, (200, 120, 100)) == near
    assert named(brand, 2, 2, (200, 120, 100)) == near
    # Display P3: sRGB's (200, 120, 100) is less saturated there.
    assert named(brand, 12, 13, (189, 123, 105)) == pytest.approx([200, 120, 100], abs=5)
    # PQ of BT.2020, as cameras write it in HIF: white paper is at 58 % of the signal.
    assert named(brand, 9, 16, (148, 148, 148)) == pytest.approx([255, 255, 255], abs=4)


def test_the_first_picture_of_a_sequence_is_used() -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    decoded = decode(avif(frames[0], save_all=True, append_images=frames[1:]), LIMITS)
    assert (decoded.source.frames, decoded.source.format) == (3, "avif")
    assert decoded.rgb[32, 32, 0] > 240


def test_the_primary_picture_is_used_also_behind_others() -> None:
    file = heic(Image.new("RGB", (64, 64), "blue"))
    red = heic(Image.new("RGB", (96, 64), "red"))
    data = assemble(b"heic", [heifs.primary(red), heifs.primary(file), heifs.primary(file)])
    data = data.replace(full(b"pitm", b"\0\1"), full(b"pitm", b"\0\3"))
    decoded = decode(data, LIMITS)
    assert decoded.source.frames == 3
    assert decoded.rgb.shape == (64, 64, 3)
    assert decoded.rgb[32, 32, 2] > 240


@pytest.mark.parametrize(
    ("brands", "format_"),
    [
        (("mif1", "avif"), "avif"), (("miaf", "avif"), "avif"),
        (("mif1", "heic"), "heic"), (("heix",), "heic"), (("heim",), "heic"), (("heis",), "heic"),
        (("hevc", "mif1"), "heic"), (("hevx", "mif1"), "heic"), (("mif2", "heic"), "heic"),
        (("mif1",), "heic"),
    ],
)  # fmt: skip
def test_the_compatible_brands_decide(brands: tuple[str, ...], format_: str) -> None:
    names = [brand.encode() for brand in brands]
    picture = heifs.primary(heifs.WRITERS[format_.encode()](Image.new("RGB", (64, 64), "red")))
    decoded = decode(assemble(names[0], [picture], compatible=names), LIMITS)
    assert (decoded.source.format, decoded.rgb[32, 32, 0] > 240) == (format_, True)


def test_a_picture_that_pillow_has_opened_is_turned_once(astronaut: RGBImage) -> None:
    image = Image.open(io.BytesIO(avif(large_quadrants(), quality=95, exif=exif_of(6))))
    assert alike(convert(image, LIMITS)[0].rgb, np.rot90(np.asarray(large_quadrants()), 3))
