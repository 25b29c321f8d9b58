"""PNG files that are whole, by many writers' habits, and the same files damaged."""

import struct
import zlib
from collections.abc import Iterator
from itertools import product
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from facecraft.errors import FacecraftError, ImageTooLarge, UndecodableImage
from facecraft.imaging import png
from facecraft.types import RGBImage
from tests.imaging.files import LIMITS, chunk, decode, saved

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def rows_of(bits: NDArray[np.uint8]) -> bytes:
    """Rows without a filter of a picture's bits, (H, W, bits of a pixel)."""
    if 0 in bits.shape:
        return b""
    return b"".join(b"\0" + np.packbits(row.reshape(-1)).tobytes() for row in bits)


def made(
    width: int,
    height: int,
    depth: int,
    colour: int,
    *,
    laced: bool = False,
    level: int = 6,
    piece: int = 1 << 20,
    before: bytes = b"",
    after: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    """A PNG of noise: its stream in chunks of `piece` bytes, others around it, and bytes behind the end."""
    random = np.random.default_rng(width * 1000 + height)
    bits = random.integers(0, 2, (height, width, depth * CHANNELS[colour]), np.uint8)
    raw = b"".join(rows_of(bits[y::dy, x::dx]) for x, y, dx, dy in PASSES) if laced else rows_of(bits)
    stream = zlib.compress(raw, level)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, laced))
    palette = chunk(b"PLTE", bytes(range(256)) * 3) if colour == 3 else b""
    pixels = b"".join(chunk(b"IDAT", stream[at : at + piece]) for at in range(0, len(stream), piece))
    return SIGNATURE + header + palette + before + pixels + after + chunk(b"IEND", b"") + behind


EXIF = chunk(b"eXIf", b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0")
TEXT = chunk(b"tEXt", b"Title\0A portrait") + chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"Anna"))
OTHER = chunk(b"aaAa", b"private") + chunk(b"tIME", bytes(7)) + chunk(b"pHYs", bytes(9)) + chunk(b"aaAa", b"")
HABITS: tuple[dict[str, Any], ...] = (
    {},
    {"piece": 7, "before": TEXT + OTHER},
    {"level": 0, "after": EXIF + TEXT},
    {"behind": b"bytes behind the end", "before": chunk(b"gAMA", b"\0\0\xb1\x8f")},
    {"level": 9, "before": EXIF, "after": chunk(b"IDAT", b"")},
)


def by_hand() -> Iterator[bytes]:
    kinds = [(colour, depth) for colour, depths in DEPTHS.items() for depth in depths]
    for (colour, depth), laced, habit in product(kinds, (False, True), HABITS):
        for width, height in ((1, 1), (3, 5), (33, 20)):
            yield made(width, height, depth, colour, laced=laced, **habit)


def by_pillow() -> Iterator[bytes]:
    random = np.random.default_rng(1)
    colours = Image.fromarray(random.integers(0, 256, (20, 30, 4), np.uint8))
    info = PngInfo()
    info.add_text("Comment", "made by a test")
    info.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", zip=True)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = (colours if mode in {"LA", "RGBA"} else colours.convert("RGB")).convert(
            "L" if mode == "I;16" else mode
        )
        image = image.convert("I").convert("I;16") if mode == "I;16" else image
        for parameters in ({}, {"optimize": True}, {"compress_level": 0}, {"pnginfo": info, "dpi": (99, 9)}):
            yield saved(image, "PNG", **parameters)
    frames = [colours, colours.rotate(180)]
    for first in (True, False):
        yield saved(colours, "PNG", save_all=True, append_images=frames, default_image=first, duration=50)


def by_opencv() -> Iterator[bytes]:
    random = np.random.default_rng(2)
    for channels, depth, filter_ in product((1, 3, 4), (8, 16), (8, 16, 32, 64, 128, 248)):
        values = random.integers(0, 2**depth, (20, 30, channels)).astype(f"uint{depth}")
        yield cv2.imencode(".png", values, (cv2.IMWRITE_PNG_FILTER, filter_))[1].tobytes()


def test_of_500_files_of_all_kinds_none_is_refused() -> None:
    files = [*by_hand(), *by_pillow(), *by_opencv()]
    assert len(files) >= 500
    for data in files:
        decode(data, LIMITS)


def portrait(rgb: RGBImage) -> bytes:
    """A small portrait with texts, a turn, and a profile's worth of other chunks, before and after."""
    data = saved(Image.fromarray(rgb).resize((96, 96)), "PNG", icc_profile=b"p" * 200)
    return data[:33] + TEXT + data[33:-12] + EXIF + OTHER + data[-12:]


def test_of_300_turned_bits_none_is_accepted(astronaut: RGBImage) -> None:
    data, random, accepted = portrait(astronaut), np.random.default_rng(3), 0
    decode(data, LIMITS)
    for place in random.integers(0, 8 * len(data), 300):
        turned = bytearray(data)
        turned[place // 8] ^= 1 << place % 8
        try:
            decode(bytes(turned), LIMITS)
        except FacecraftError:
            continue
        accepted += 1
    assert accepted == 0


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iCCP", b"IDAT", b"eXIf", b"aaAa", b"IEND"])
def test_a_wrong_checksum_is_told_by_its_chunk(kind: bytes, astronaut: RGBImage) -> None:
    data = bytearray(portrait(astronaut))
    at = data.index(kind)
    data[at + 4 + int.from_bytes(data[at - 4 : at], "big")] ^= 1
    with pytest.raises(UndecodableImage, match=kind.decode()):
        decode(bytes(data), LIMITS)


def test_a_cut_file_is_refused_wherever_it_is_cut(astronaut: RGBImage) -> None:
    data = portrait(astronaut)
    for at in (*range(8, len(data), 97), *range(len(data) - 60, len(data))):
        with pytest.raises(FacecraftError):
            decode(data[:at], LIMITS)


def test_a_stream_that_ends_too_early_is_told_with_the_share_that_is_there() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 100, 8, 0, 0, 0, 0))
    stream = chunk(b"IDAT", zlib.compress(bytes(11) * 75))
    with pytest.raises(UndecodableImage, match="75 %"):
        decode(SIGNATURE + header + stream + chunk(b"IEND", b""), LIMITS)
    with pytest.raises(UndecodableImage, match=" 0 %"):
        decode(SIGNATURE + header + chunk(b"IEND", b""), LIMITS)


def test_the_checksum_of_the_stream_counts() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 100, 8, 0, 0, 0, 0))
    stream = zlib.compress(bytes(11) * 100)
    for wrong in (stream[:-1] + bytes([stream[-1] ^ 1]), stream[:-4], stream[:-1]):
        with pytest.raises(UndecodableImage):
            decode(SIGNATURE + header + chunk(b"IDAT", wrong) + chunk(b"IEND", b""), LIMITS)


def test_a_stream_that_goes_on_is_read_to_the_last_row_only() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 100, 8, 0, 0, 0, 0))
    stream = zlib.compress(bytes(11) * 100 + bytes(1 << 20))
    data = SIGNATURE + header + chunk(b"IDAT", stream) + chunk(b"IEND", b"")
    assert decode(data, LIMITS).rgb.shape == (100, 10, 3)


@pytest.mark.parametrize(
    "stranger",
    [
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2_000_000))),
        chunk(b"tEXt", b"Comment\0" + b"a" * 2_000_000),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b" " * 1_200_000)),
        *(chunk(kind, b"\1") for kind in (b"cHRM", b"gAMA", b"pHYs", b"cICP")),
        chunk(b"sRGB", b""),
    ],
    ids=["packed text", "long text", "packed XMP", "cHRM", "gAMA", "pHYs", "cICP", "sRGB"],
)
def test_what_browsers_do_not_need_refuses_no_file(stranger: bytes) -> None:
    data = made(33, 20, 8, 2)
    found = decode(data[:33] + stranger + data[33:], LIMITS)
    assert (found.rgb == decode(data, LIMITS).rgb).all()


def test_a_header_that_is_missing_or_too_short_is_refused() -> None:
    for header in (b"", chunk(b"IHDR", bytes(5))):
        with pytest.raises(UndecodableImage, match="no header"):
            png.check(SIGNATURE + header + chunk(b"IEND", b""), 100)


def test_as_many_chunks_as_the_limit_are_accepted_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "MOST_CHUNKS", 1000)
    empty = chunk(b"aaAa", b"")
    spare = png.MOST_CHUNKS - 3  # beside the header, the pixels and the end
    assert decode(made(2, 2, 8, 0, before=empty * spare), LIMITS).rgb.shape == (2, 2, 3)
    many = made(2, 2, 8, 0, before=empty * (spare + 1))
    with pytest.raises(UndecodableImage) as caught:
        decode(many, LIMITS)
    assert caught.value.limit == png.MOST_CHUNKS
    assert len(list(png.find(many, {b"aaAa", b"IEND"}))) == spare + 1


def test_a_picture_over_the_limit_is_told_as_too_large_although_its_pixels_are_missing() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0))
    with pytest.raises(ImageTooLarge):
        decode(SIGNATURE + header + chunk(b"IDAT", b"x") + chunk(b"IEND", b""), LIMITS)
