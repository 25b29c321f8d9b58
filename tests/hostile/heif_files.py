"""HEIC and AVIF files that were made to harm."""

import struct
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from PIL import Image

from tests.hostile.kinds import EITHER, Hostile
from tests.hostile.modes import photo
from tests.imaging import heifs
from tests.imaging.heifs import Item, avif, box, deep_heic, ispe, repeated

Write = Callable[..., bytes]


def files() -> Iterator[Hostile]:
    """Every kind."""
    for brand, write in heifs.WRITERS.items():
        name = brand.decode()
        yield Hostile(f"{name} of 60000 x 60000", partial(_huge, write), (413,))
        yield Hostile(f"{name} of 6 megapixels that says 64 x 64", partial(_lie, write), (200, 400))
        yield Hostile(f"{name}, 1001 pictures", partial(_pictures, brand, write), (413,))
        yield Hostile(f"{name}, a grid of itself", partial(_grid_of_itself, brand), (400, 415))
        yield Hostile(f"{name}, a grid of 65536 tiles", partial(_tiles, brand, write), (400,))
        yield Hostile(f"{name}, boxes in boxes", partial(_boxes, brand), (400, 415))
        yield Hostile(f"{name}, a million boxes", partial(_empty, brand, box(b"free") * 10**6), (400,))
        yield Hostile(f"{name}, a profile of 16 MB", partial(_profile, brand, write), EITHER)
    yield Hostile("avif, 1001 frames", _frames, (413,))
    yield Hostile("heic of 36 megapixels, 12 bits, alpha", _deep, (413,))
    yield Hostile("heic that is only a sequence", partial(_empty, b"hevc", box(b"moov")), (415,))


def _empty(brand: bytes, rest: bytes) -> bytes:
    return box(b"ftyp", brand, bytes(4), brand, b"mif1") + rest


def _huge(write: Write) -> bytes:
    return write(photo()).replace(ispe(256, 256), ispe(60_000, 60_000))


def _lie(write: Write) -> bytes:
    return write(Image.new("RGB", (2500, 2500))).replace(ispe(2500, 2500), ispe(64, 64))


def _pictures(brand: bytes, write: Write) -> bytes:
    return heifs.assemble(brand, [heifs.primary(write(Image.new("RGB", (16, 16))))] * 1001)


def _frames() -> bytes:
    first, *rest = (Image.new("RGB", (16, 16), (each % 256, each // 256, 0)) for each in range(1001))
    return avif(first, save_all=True, append_images=rest)


def _grid(rows: int, columns: int, size: tuple[int, int]) -> Item:
    data = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *size)
    return Item(b"grid", data, (ispe(*size),))


def _grid_of_itself(brand: bytes) -> bytes:
    return heifs.assemble(brand, [_grid(1, 1, (64, 64))], (b"dimg", 1, [1]))


def _tiles(brand: bytes, write: Write) -> bytes:
    tile = heifs.primary(write(photo()))
    return heifs.assemble(brand, [_grid(256, 256, (256, 256)), tile], (b"dimg", 1, [2] * 65_535))


def _boxes(brand: bytes) -> bytes:
    inside = struct.pack(">I4s", 0, b"iprp") * 1000  # each reaches to the end of the file
    return _empty(brand, struct.pack(">I4sI", 0, b"meta", 0) + inside)


def _profile(brand: bytes, write: Write) -> bytes:
    picture = heifs.primary(write(photo())).without(b"colr")
    return heifs.assemble(brand, [picture.and_(box(b"colr", b"prof", bytes(range(256)) * 65_536))])


def _deep() -> bytes:
    tile = deep_heic(np.zeros((1000, 1000, 4), np.uint16), "RGBA;16", 12, chroma=444)
    return repeated(tile, 6, 1000)
