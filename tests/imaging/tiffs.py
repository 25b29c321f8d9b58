"""TIFF files put together by hand, for what Pillow does not write."""

import struct
from collections.abc import Mapping, Sequence
from typing import Literal

SHORT, LONG = 3, 4
STRIPS = 273


def tiff(
    tags: Mapping[int, Sequence[int]],
    pixels: bytes,
    *,
    order: Literal["<", ">"] = "<",
    pages: int = 1,
    kinds: Mapping[int, int] | None = None,
) -> bytes:
    """A TIFF of one strip or tile, and `pages` directories with the same picture.

    The offset of the pixels is put in where a tag is empty. `kinds` has the types of tags that are not LONG.
    """
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HI", 42, 8 + len(pixels))
    body = bytearray(head + pixels)
    for page in range(pages):
        start = len(body)
        values = start + 6 + 12 * len(tags)
        entries, extra = b"", b""
        for tag, given in sorted(tags.items()):
            kind = (kinds or {}).get(tag, LONG)
            numbers = list(given) or [8]
            packed = struct.pack(f"{order}{len(numbers)}{'H' if kind == SHORT else 'I'}", *numbers)
            if len(packed) > 4:
                place = struct.pack(order + "I", values + len(extra))
                extra += packed
            else:
                place = packed.ljust(4, b"\0")
            entries += struct.pack(order + "HHI", tag, kind, len(numbers)) + place
        end = values + len(extra)
        following = struct.pack(order + "I", end if page < pages - 1 else 0)
        body += struct.pack(order + "H", len(tags)) + entries + following + extra
    return bytes(body)


def grey(
    width: int,
    height: int,
    bits: int,
    pixels: bytes,
    *,
    photometric: int = 1,
    more: Mapping[int, Sequence[int]] | None = None,
    **parameters: object,
) -> bytes:
    """Uncompressed grey, unless more tags say otherwise."""
    tags = {
        256: [width], 257: [height], 258: [bits], 259: [1], 262: [photometric], STRIPS: [], 277: [1],
        278: [height], 279: [len(pixels)],
    }  # fmt: skip
    kinds = dict.fromkeys((258, 259, 262, 277), SHORT)
    return tiff(tags | dict(more or {}), pixels, kinds=kinds, **parameters)  # type: ignore[arg-type]
