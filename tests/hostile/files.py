"""Files that were made to harm, each with the answer that it must get. All are made here, at fixed seeds."""

import io
import struct
import zlib
from collections.abc import Iterator
from functools import cache, partial

import numpy as np
import skimage.data
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.hostile import heif_files, old_files
from tests.hostile.kinds import EITHER, Hostile, scans, squeezed
from tests.hostile.modes import MODES

PNG_HEAD = b"\x89PNG\r\n\x1a\n"


@cache
def portrait(format_: str) -> bytes:
    """A real portrait, small."""
    image = Image.fromarray(skimage.data.astronaut()).resize((256, 256))  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    image.save(buffer, format_, quality=85)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int,
    height: int,
    rows: bytes,
    *,
    depth: int = 8,
    colour: int = 2,
    before: bytes = b"",
    lace: int = 0,
) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, lace)
    return PNG_HEAD + chunk(b"IHDR", head) + before + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def rows_of(width: int, height: int, channels: int = 3) -> bytes:
    return zlib.compress(bytes((1 + width * channels) * height))


def cut(format_: str, share: float) -> bytes:
    data = portrait(format_)
    return data[: int(len(data) * share)]


def flipped(format_: str, seed: int, bits: int) -> bytes:
    data = bytearray(portrait(format_))
    rng = np.random.default_rng(seed)
    for at, bit in zip(rng.integers(32, len(data), bits), rng.integers(0, 8, bits), strict=True):
        data[at] ^= 1 << int(bit)
    return bytes(data)


def with_size(width: int, height: int, *, progressive: bool = False) -> bytes:
    """A JPEG that claims that size; its data is that of 64 x 64 pixels."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "JPEG", progressive=progressive)
    data = bytearray(buffer.getvalue())
    at = data.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def text_png(**texts: bytes) -> bytes:
    chunks = b"".join(chunk(kind.encode(), data) for kind, data in texts.items())
    return png(8, 8, rows_of(8, 8), before=chunks)


def animated(format_: str, frames: int) -> bytes:
    first, *rest = (Image.new("RGB", (8, 8), (i % 256, i // 256 % 256, 0)) for i in range(frames))
    buffer = io.BytesIO()
    first.save(buffer, format_, save_all=True, append_images=rest, lossless=True)
    return buffer.getvalue()


def many_texts(count: int) -> bytes:
    info = PngInfo()
    for index in range(count):
        info.add_text(f"k{index}", "v" * 10)
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def exif_jpeg(exif: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(buffer, "JPEG", exif=exif)  # type: ignore[no-untyped-call]
    return buffer.getvalue()


LAUGHS = b"<!DOCTYPE x [<!ENTITY a0 'ha'>%s]><x>&a9;</x>" % b"".join(
    b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)
)


def with_xmp(packet: bytes) -> bytes:
    body = b"http://ns.adobe.com/xap/1.0/\0" + packet
    return portrait("JPEG")[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + portrait("JPEG")[2:]


def icc_jpeg(profile: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "JPEG", icc_profile=profile)
    return buffer.getvalue()


def webp_of(width: int, height: int) -> bytes:
    """A lossless WebP whose header claims that size."""
    bits = 0x2F | (width - 1) << 8 | (height - 1) << 22
    payload = bits.to_bytes(8, "little")[:5] + bytes(20)
    body = b"WEBPVP8L" + struct.pack("<I", len(payload)) + payload + bytes(len(payload) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def files() -> Iterator[Hostile]:
    """Every kind."""
    yield from _bombs()
    yield from _lies()
    yield from _other_formats()
    yield from _broken()
    yield from heif_files.files()
    yield from old_files.files()


def _bombs() -> Iterator[Hostile]:
    yield Hostile("png bomb, 30000 x 30000", lambda: png(30_000, 30_000, squeezed(1 << 24)), (413,))
    yield Hostile("png bomb, 65535 x 65535", lambda: png(65_535, 65_535, b"x"), (413,))
    yield Hostile("png of 2^31 - 1 by 1", lambda: png(2**31 - 1, 1, b"x"), (413,))
    yield Hostile("png of 1 by 2^31 - 1", lambda: png(1, 2**31 - 1, b"x"), (413,))
    yield Hostile("png of 2^31 by 2^31", lambda: png(2**31, 2**31, b"x"), (400, 413))
    yield Hostile("png one pixel over the limit", lambda: png(40_000_001, 1, b"x"), (413,))
    yield Hostile("png, 16 bits, bomb", lambda: png(20_000, 20_000, squeezed(1 << 24), depth=16), (413,))
    yield Hostile("png, interlaced bomb", lambda: png(20_000, 20_000, squeezed(1 << 24), lace=1), (413,))
    yield Hostile("png whose data goes on", lambda: png(8, 8, squeezed(1 << 28)), EITHER)
    yield Hostile("png, zTXt of 256 MB", lambda: text_png(zTXt=b"k\0\0" + squeezed(1 << 28)), EITHER)
    yield Hostile("png, iTXt of 256 MB", lambda: text_png(iTXt=b"k\0\1\0\0\0" + squeezed(1 << 28)), EITHER)
    yield Hostile("png, iCCP of 256 MB", lambda: text_png(iCCP=b"k\0\0" + squeezed(1 << 28)), EITHER)
    yield Hostile("png, tEXt of 4 MB", lambda: text_png(tEXt=b"k\0" + b"v" * (1 << 22)), EITHER)
    yield Hostile("png, a million chunks", lambda: text_png()[:33] + chunk(b"aaAa", b"") * 10**6, (400,))
    yield Hostile("png, 20000 texts", lambda: many_texts(20_000), EITHER)
    yield Hostile("jpeg of 65500 x 65500", lambda: with_size(65_500, 65_500), (413,))
    yield Hostile("jpeg, 150 scans", lambda: scans(150), (413,))
    yield Hostile("jpeg, 20000 scans", lambda: scans(20_000), (413,))
    yield Hostile("webp of 16384 x 16384", lambda: webp_of(16_384, 16_384), (413,))
    yield Hostile("webp, 1001 frames", lambda: animated("WEBP", 1001), (413,))
    yield Hostile("png, 1001 frames", lambda: animated("PNG", 1001), (413,))


def _lies() -> Iterator[Hostile]:
    yield Hostile("png that claims more rows", lambda: png(64, 4096, rows_of(64, 8)), EITHER)
    yield Hostile("png that claims none", lambda: png(0, 0, rows_of(8, 8)), (400,))
    yield Hostile("png, colour type 7", lambda: png(8, 8, rows_of(8, 8), colour=7), (400,))
    yield Hostile("png, 3 bits", lambda: png(8, 8, rows_of(8, 8), depth=3), (400,))
    yield Hostile("png, palette without one", lambda: png(8, 8, rows_of(8, 8, 1), colour=3), EITHER)
    yield Hostile("png, filter 9", lambda: png(8, 8, zlib.compress(b"\x09" * 25 * 8)), EITHER)
    yield Hostile("png, wrong checksum", lambda: portrait("PNG").replace(b"IDAT", b"IDAU", 1), (400,))
    yield Hostile("png, a chunk of 2 GB", lambda: PNG_HEAD + b"\x7f\xff\xff\xffIHDR" + bytes(64), (400,))
    yield Hostile("png without an end", lambda: portrait("PNG")[:-12], EITHER)
    yield Hostile("jpeg that claims more", lambda: with_size(4096, 4096), EITHER)
    yield Hostile("jpeg that claims none", lambda: with_size(0, 0), (400,))
    yield Hostile("png, wrong checksum of a text", lambda: text_png(tEXt=b"k\0v").replace(b"v", b"w"), (400,))
    yield Hostile("jpeg, XMP of entities", lambda: with_xmp(LAUGHS), (200,))
    yield Hostile("jpeg, EXIF of noise", lambda: exif_jpeg(b"Exif\0\0" + bytes(range(256))), EITHER)
    loop = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x01\0\0\0\x08\0\0\0"
    yield Hostile("jpeg, EXIF that points to itself", lambda: exif_jpeg(loop), EITHER)
    yield Hostile("jpeg, profile of noise", lambda: icc_jpeg(bytes(range(256)) * 8), (200,))
    yield Hostile("jpeg, empty profile", lambda: icc_jpeg(b"\0" * 128), (200,))
    yield Hostile("webp, 1 x 1 that holds more", lambda: webp_of(1, 1), (400,))
    yield Hostile("webp, RIFF of 4 GB", lambda: b"RIFF\xff\xff\xff\xffWEBPVP8L" + bytes(32), (400,))


def _other_formats() -> Iterator[Hostile]:
    for name, head in {
        "pdf": b"%PDF-1.7", "camera raw": b"\0\0\0\x18ftypcrx ", "jpeg xl": b"\0\0\0\x0cJXL ",
        "film": b"\0\0\0\x18ftypisom", "postscript": b"%!PS-Adobe",
        "svg": b"<svg onload='x'>", "html": b"<html><script>", "php": b"<?php system('id');",
        "elf": b"\x7fELF",
        "zip": b"PK\x03\x04", "gzip": b"\x1f\x8b\x08", "psd": b"8BPS\0\1", "ico": b"\0\0\1\0",
        "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n", "text": b"hello", "zeros": b"\0",
        "xml": b"<?xml version='1.0'?>",
        "imagemagick's mvg": b"push graphic-context", "ghostscript in a png's name": b"%!PS\x89PNG",
    }.items():  # fmt: skip
        yield Hostile(name, lambda head=head: head + bytes(300), (415,))  # type: ignore[misc]
    yield Hostile("one byte", lambda: b"\xff", (415,))
    yield Hostile("a gif behind a space", lambda: b" GIF89a" + bytes(64), (415,))


def _broken() -> Iterator[Hostile]:
    for format_ in ("JPEG", "PNG", "WEBP"):
        for share in (0.01, 0.1, 0.5, 0.9):
            yield Hostile(
                f"{format_}, cut at {share:.0%}",
                lambda format_=format_, share=share: cut(format_, share),  # type: ignore[misc]
                EITHER,
            )
        for seed in range(4):
            yield Hostile(
                f"{format_}, {4**seed} bits turned",
                lambda format_=format_, seed=seed: flipped(format_, seed, 4**seed),  # type: ignore[misc]
                (200, 400, 413),
            )
        yield Hostile(f"{format_}, head alone", lambda format_=format_: portrait(format_)[:12], (400,))  # type: ignore[misc]
    for name in ("heic", "avif", "tiff", "gif", "bmp"):
        for share in (0.01, 0.5, 0.9):
            yield Hostile(f"{name}, cut at {share:.0%}", partial(_cut, name, share), (400, 415))
    yield Hostile("jpeg with a zip behind it", lambda: portrait("JPEG") + b"PK\x03\x04" + bytes(99), (200,))
    yield Hostile("png with a script behind it", lambda: portrait("PNG") + b"<script>", (200,))
    yield Hostile("jpeg with php in a comment", _with_comment, (200,))


def _cut(mode: str, share: float) -> bytes:
    data = MODES[mode]()
    return data[: int(len(data) * share)]


def _with_comment() -> bytes:
    data, comment = portrait("JPEG"), b"<?php system($_GET[0]); ?>"
    return data[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + data[2:]
