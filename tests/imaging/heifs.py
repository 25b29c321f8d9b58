"""HEIC and AVIF files: written by pillow-heif, Pillow and OpenCV, or put together of what these wrote."""

import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pillow_heif
from PIL import Image

from facecraft.imaging import isobmff
from facecraft.types import RGBImage

DEPTH = b"urn:mpeg:hevc:2015:auxid:2\0"


def heic(image: Image.Image, **parameters: object) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, **parameters)
    return buffer.getvalue()


def deep_heic(pixels: np.ndarray, mode: str, bits: int, **parameters: object) -> bytes:
    """A HEIC of 10 or 12 bits, of pixels with 16."""
    before = pillow_heif.options.SAVE_HDR_TO_12_BIT
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        file = pillow_heif.from_bytes(mode, pixels.shape[1::-1], np.ascontiguousarray(pixels).tobytes())
        buffer = io.BytesIO()
        file.save(buffer, **parameters)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = before
    return buffer.getvalue()


def avif(image: Image.Image, **parameters: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "AVIF", **{"speed": 9, **parameters})
    return buffer.getvalue()


WRITERS: dict[bytes, Callable[..., bytes]] = {b"heic": heic, b"avif": avif}
"""The writer of each brand."""


def deep_avif(rgb: RGBImage, bits: int) -> bytes:
    levels = (rgb[..., ::-1].astype(np.uint32) * (2**bits - 1) // 255).astype(np.uint16)
    succeeded, data = cv2.imencode(".avif", levels, [cv2.IMWRITE_AVIF_DEPTH, bits])
    assert succeeded
    return data.tobytes()


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


@dataclass(frozen=True)
class Item:
    """An item of a file: its type, data, properties, which are boxes, and media type of a MIME item."""

    kind: bytes
    data: bytes
    properties: tuple[bytes, ...] = ()
    media_type: bytes = b""

    def and_(self, *properties: bytes) -> "Item":
        return replace(self, properties=self.properties + properties)

    def without(self, kind: bytes) -> "Item":
        return replace(self, properties=tuple(each for each in self.properties if each[4:8] != kind))


def primary(data: bytes) -> Item:
    """The primary item of a file."""
    number = isobmff.items(data).primary
    assert number is not None
    return item(data, number)


def item(data: bytes, number: int) -> Item:
    """An item of a file by its number."""
    items = isobmff.items(data)
    properties = [data[each.start - 8 : each.end] for each in items.properties[number]]
    return Item(items.kinds[number], items.content(data, number), tuple(properties))


def assemble(
    brand: bytes,
    items: Sequence[Item],
    *references: tuple[bytes, int, Sequence[int]],
    compatible: Sequence[bytes] = (),
) -> bytes:
    """A file of these items, numbered from 1. The first one is the primary picture.

    A reference is its type, from which item, and to which. The compatible brands are `brand` and mif1, unless
    others are given.
    """
    head = box(b"ftyp", brand, bytes(4), *(compatible or (brand, b"mif1")))
    meta = _meta(items, references, [0] * len(items))
    starts, at = [], len(head) + len(meta) + 8
    for each in items:
        starts.append(at)
        at += len(each.data)
    return head + _meta(items, references, starts) + box(b"mdat", *(each.data for each in items))


def _meta(
    items: Sequence[Item], references: Sequence[tuple[bytes, int, Sequence[int]]], starts: Sequence[int]
) -> bytes:
    entries = [
        full(b"infe", struct.pack(">HH4sB", number, 0, each.kind, 0), each.media_type, version=2)
        for number, each in enumerate(items, 1)
    ]
    shared = list(dict.fromkeys(part for each in items for part in each.properties))
    owned = [
        struct.pack(">HB", number, len(each.properties))
        + bytes(shared.index(part) + 1 | _essential(part) for part in each.properties)
        for number, each in enumerate(items, 1)
    ]
    places = [
        struct.pack(">HHHII", number, 0, 1, start, len(each.data))
        for number, (each, start) in enumerate(zip(items, starts, strict=True), 1)
    ]
    links = [box(kind, struct.pack(f">HH{len(to)}H", item, len(to), *to)) for kind, item, to in references]
    return full(
        b"meta",
        full(b"hdlr", bytes(4), b"pict", bytes(13)),
        full(b"pitm", struct.pack(">H", 1)),
        full(b"iinf", struct.pack(">H", len(items)), *entries),
        box(b"iprp", box(b"ipco", *shared), full(b"ipma", struct.pack(">I", len(items)), *owned)),
        full(b"iloc", b"\x44\x00", struct.pack(">H", len(items)), *places),
        full(b"iref", *links) if links else b"",
    )


def _essential(part: bytes) -> int:
    return 0x80 if part[4:8] in {b"irot", b"imir", b"hvcC", b"av1C"} else 0


def ispe(width: int, height: int) -> bytes:
    return full(b"ispe", struct.pack(">II", width, height))


def grid(brand: bytes, tiles: Sequence[bytes], columns: int, width: int, height: int) -> bytes:
    """A file whose picture is made of the pictures of others, row by row, and cut to a size."""
    rows = len(tiles) // columns
    whole = Item(b"grid", struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height))
    numbers = range(2, len(tiles) + 2)
    items = [whole.and_(ispe(width, height)), *(primary(tile) for tile in tiles)]
    return assemble(brand, items, (b"dimg", 1, numbers))


def repeated(data: bytes, times: int, side: int) -> bytes:
    """A square grid of one square picture, `times` times in each direction, with its transparency."""
    links = isobmff.items(data).references
    planes = [primary(data), *(item(data, each.item) for each in links if each.kind == b"auxl")]
    count, size = times * times, (times * side, times * side)
    made: list[Item] = []
    references: list[tuple[bytes, int, Sequence[int]]] = []
    for plane in planes:
        whole = Item(b"grid", struct.pack(">BBBBHH", 0, 0, times - 1, times - 1, *size), (ispe(*size),))
        kind = tuple(part for part in plane.properties if part[4:8] == b"auxC")
        first = len(made) + 1
        made += [whole.and_(*kind), *[plane.without(b"auxC")] * count]
        references.append((b"dimg", first, range(first + 1, first + 1 + count)))
        if kind:
            references.append((b"auxl", first, [1]))
    return assemble(b"heic", made, *references)


def gridded(write: Callable[[Image.Image], bytes], image: Image.Image, brand: bytes, side: int) -> bytes:
    """That picture as a grid of squares, the last ones of which reach over its edge."""
    columns, rows = -(-image.width // side), -(-image.height // side)
    padded = Image.fromarray(
        np.pad(
            np.asarray(image),
            ((0, rows * side - image.height), (0, columns * side - image.width), (0, 0)),
            mode="edge",
        )
    )
    squares = [
        padded.crop((x * side, y * side, (x + 1) * side, (y + 1) * side))
        for y in range(rows)
        for x in range(columns)
    ]
    return grid(brand, [write(each) for each in squares], columns, image.width, image.height)
