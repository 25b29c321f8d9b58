"""Colours of a PNG that names its colour space. The right ones are computed here, from published numbers."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms

from facecraft.imaging import codec
from facecraft.types import RGBImage
from tests.imaging.colours import (
    CHRM,
    D65,
    Light,
    chrm,
    cicp,
    far,
    gamma,
    png_of,
    shot,
    srgb_levels,
    srgb_light,
    through,
)
from tests.imaging.files import LIMITS, chunk, decode, png_by_hand, saved


def rgb_of(*chunks: bytes) -> RGBImage:
    return decode(png_of(shot(), 8, 2, *chunks), LIMITS).rgb


VALUES = shot() / 255


@pytest.mark.parametrize(
    "chunks",
    [
        (),
        (gamma(45455),),
        (gamma(45455), chrm(CHRM["srgb"])),
        (chrm(CHRM["srgb"]),),
        (chunk(b"sRGB", b"\0"), gamma(45455), chrm(CHRM["srgb"])),
        (cicp(1, 13, 0, 1),),
        (gamma(0),),
        (chrm((0,) * 8), gamma(45455)),
        (chrm((*D65, *(33000, 33000) * 3)), gamma(45455)),
    ],
    ids=["nothing", "gAMA", "gAMA cHRM", "cHRM", "sRGB", "cICP", "gAMA 0", "cHRM of 0", "cHRM of a point"],
)
def test_srgb_by_any_name_and_nonsense_change_no_level(chunks: tuple[bytes, ...]) -> None:
    assert (rgb_of(*chunks) == shot()).all()


@pytest.mark.parametrize("value", [100_000, 55_556, 22_727])
def test_a_gamma_is_undone(value: int) -> None:
    assert far(rgb_of(gamma(value)), srgb_levels(VALUES ** (100_000 / value))) <= 0.6


@pytest.mark.parametrize("space", ["p3", "adobe"])
def test_primaries_and_gamma_together(space: str) -> None:
    rgb = rgb_of(gamma(45455), chrm(CHRM[space]))
    assert far(rgb, through(space, VALUES**2.2)) <= 1
    assert far(rgb, shot().astype(float)) > 20


def test_primaries_without_a_gamma_have_the_curve_of_srgb() -> None:
    assert far(rgb_of(chrm(CHRM["p3"])), through("p3", srgb_light(VALUES))) <= 1


def pq(value: Light) -> Light:
    """SMPTE ST 2084, equation 4.1; 203 cd/m2 are white."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = value ** (1 / m2)
    return np.asarray((np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) * 10_000 / 203)


def hlg(value: Light) -> Light:
    """ITU-R BT.2100, table 5, on a screen of 1000 cd/m2."""
    a = 0.17883277
    b = 1 - 4 * a
    c = 0.5 - a * np.log(4 * a)
    scene = np.where(value <= 0.5, value**2 / 3, (np.exp((value - c) / a) + b) / 12)
    return np.asarray(scene**1.2 * 1000 / 203)


CODED: list[tuple[str, tuple[int, int, int, int], Callable[[Light], Light]]] = [
    ("Display P3", (12, 13, 0, 1), lambda v: through("p3", srgb_light(v))),
    ("BT.709", (1, 1, 0, 1), lambda v: srgb_levels(v**2.4)),
    ("BT.709, video range", (1, 1, 0, 0), lambda v: srgb_levels(((v * 255 - 16) / 219).clip(0, 1) ** 2.4)),
    ("sRGB, video range", (1, 13, 0, 0), lambda v: ((v * 255 - 16) / 219).clip(0, 1) * 255),
    ("BT.2020", (9, 14, 0, 1), lambda v: through("rec2020", v**2.4)),
    ("linear", (1, 8, 0, 1), srgb_levels),
    ("PQ", (9, 16, 0, 1), lambda v: through("rec2020", pq(v).clip(0, 1))),
    ("HLG", (9, 18, 0, 1), lambda v: through("rec2020", hlg(v).clip(0, 1))),
]


@pytest.mark.parametrize(("name", "code", "right"), CODED, ids=[row[0] for row in CODED])
def test_cicp_names_a_space(
    name: str, code: tuple[int, int, int, int], right: Callable[[Light], Light]
) -> None:
    assert far(rgb_of(cicp(*code)), right(VALUES)) <= 1


@pytest.mark.parametrize("code", [(2, 2, 0, 1), (1, 99, 0, 1), (12, 13, 1, 1), (12, 13, 0, 7), (12, 13)])
def test_an_unknown_cicp_counts_as_none(code: tuple[int, ...]) -> None:
    assert (rgb_of(cicp(*code)) == shot()).all()
    assert (rgb_of(cicp(*code), gamma(100_000)) == rgb_of(gamma(100_000))).all()


def profile_chunk() -> bytes:
    """An sRGB profile whose red and green primaries are exchanged."""
    data = saved(Image.new("RGB", (1, 1)), "PNG", icc_profile=_swapped())
    start = data.index(b"iCCP") - 4
    return data[start : start + 12 + int.from_bytes(data[start : start + 4], "big")]


def _swapped() -> bytes:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace(b"rXYZ", b"....", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"....", b"gXYZ", 1)


def test_cicp_counts_before_a_profile_a_profile_before_srgb_and_srgb_before_gamma() -> None:
    least = (gamma(100_000), chrm(CHRM["p3"]))
    plain, swapped = shot(), rgb_of(profile_chunk())
    assert far(swapped, plain[..., [1, 0, 2]].astype(float)) <= 2
    srgb = chunk(b"sRGB", b"\0")
    assert (rgb_of(srgb, *least) == plain).all()
    assert (rgb_of(profile_chunk(), *least) == swapped).all()
    p3 = rgb_of(cicp(12, 13, 0, 1))
    assert (rgb_of(cicp(12, 13, 0, 1), profile_chunk(), srgb, *least) == p3).all()
    assert (rgb_of(cicp(1, 13, 0, 1), profile_chunk(), *least) == plain).all()


def test_16_bits_of_linear_light_keep_the_darkest_levels_apart() -> None:
    # Light from 0 to 1 %, which the high byte alone would cut into three steps.
    values = np.linspace(0, 655, 480).astype(np.uint16).reshape(12, 40)
    right = srgb_levels(values / 65535)
    colours = values[..., None].repeat(3, axis=2)
    assert far(decode(png_of(colours, 16, 2, gamma(100_000)), LIMITS).rgb, right[..., None]) <= 0.6
    grey = decode(png_of(values, 16, 0, gamma(100_000)), LIMITS)
    assert far(grey.rgb, right[..., None]) <= 0.6
    assert grey.alpha is None


def test_16_bits_with_transparency() -> None:
    values, alpha = shot(16), np.full((12, 40, 1), 0xABCD, np.uint16)
    right = through("p3", (values / 65535) ** 2.2)
    chunks = (gamma(45455), chrm(CHRM["p3"]))
    decoded = decode(png_of(np.concatenate([values, alpha], 2), 16, 6, *chunks), LIMITS)
    assert far(decoded.rgb, right) <= 1
    assert decoded.alpha is not None
    assert (decoded.alpha == 0xAB).all()
    grey = decode(png_of(np.concatenate([values[..., :1], alpha], 2), 16, 4, gamma(100_000)), LIMITS)
    assert far(grey.rgb, srgb_levels(values[..., :1] / 65535)) <= 0.6
    assert grey.alpha is not None
    assert (grey.alpha == 0xAB).all()


def test_a_transparent_colour_of_16_bits_stays_transparent() -> None:
    values = shot(16)
    key = chunk(b"tRNS", values[0, 0].astype(">u2").tobytes())
    decoded = decode(png_of(values, 16, 2, gamma(100_000), key), LIMITS)
    assert far(decoded.rgb, srgb_levels(values / 65535)) <= 0.6
    plain = decode(png_of(values, 16, 2, key), LIMITS)
    assert decoded.alpha is not None
    assert plain.alpha is not None
    assert (decoded.alpha == plain.alpha).all()


def test_palettes_grey_and_single_bits_are_converted_and_transparency_is_not() -> None:
    palette = np.arange(30).reshape(10, 3) * 8
    indices = np.arange(10, dtype=np.uint16)[None]
    chunks = (gamma(100_000), chunk(b"PLTE", palette.astype(np.uint8).tobytes()), chunk(b"tRNS", b"\x00\x40"))
    decoded = decode(png_of(indices, 8, 3, *chunks), LIMITS)
    assert far(decoded.rgb[0], srgb_levels(palette / 255)) <= 0.6
    assert decoded.alpha is not None
    assert decoded.alpha[0, :3].tolist() == [0, 0x40, 255]
    ramp = np.arange(256, dtype=np.uint16)[None]
    grey = decode(png_of(ramp, 8, 0, gamma(100_000), chrm(CHRM["p3"])), LIMITS).rgb
    assert far(grey, srgb_levels(ramp / 255)[..., None]) <= 0.6
    assert (grey == grey[..., :1]).all()
    four_levels = png_by_hand(4, 1, 2, 0, b"\0\x1b", gamma(100_000))
    assert far(decode(four_levels, LIMITS).rgb[0, :, 0], srgb_levels(np.arange(4) / 3)) <= 0.6
    bits = decode(png_by_hand(8, 1, 1, 0, b"\0\x0f", gamma(100_000)), LIMITS).rgb
    assert bits[0, :, 1].tolist() == [0] * 4 + [255] * 4


def test_an_image_of_pillow_is_converted_as_its_file() -> None:
    data = png_of(shot(), 8, 2, gamma(100_000), chrm(CHRM["adobe"]))
    with Image.open(io.BytesIO(data)) as image:
        picture, _ = codec.convert(image, LIMITS)
    assert (picture.rgb == decode(data, LIMITS).rgb).all()
    with Image.open(io.BytesIO(png_of(shot()[..., 0], 8, 0, gamma(100_000)))) as image:
        picture, _ = codec.convert(image, LIMITS)
    assert far(picture.rgb[..., 0], srgb_levels(VALUES[..., 0])) <= 0.6
