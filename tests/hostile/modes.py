"""A real portrait in each mode of HEIC, AVIF, TIFF, GIF and BMP, small."""

import io
from collections.abc import Callable
from functools import cache

import numpy as np
import skimage.data
from PIL import Image

from tests.imaging import heifs
from tests.imaging.heifs import avif, deep_avif, deep_heic, full, heic


@cache
def photo() -> Image.Image:
    return Image.fromarray(skimage.data.astronaut()).resize((256, 256))  # type: ignore[no-untyped-call]


def _sixteen(mode: str) -> np.ndarray:
    return np.asarray(photo().convert(mode)).astype(np.uint16) * 257


def saved(format_: str, mode: str = "RGB", **parameters: object) -> bytes:
    buffer = io.BytesIO()
    photo().convert(mode).save(buffer, format_, **parameters)
    return buffer.getvalue()


def _animated(format_: str, **parameters: object) -> bytes:
    more = [photo().rotate(quarter) for quarter in (90, 180, 270)]
    return saved(format_, "RGB", save_all=True, append_images=more, **parameters)


def _with_depth() -> bytes:
    picture = heifs.primary(heic(photo()))
    depth = heifs.primary(heic(photo().convert("L"))).and_(full(b"auxC", heifs.DEPTH))
    return heifs.assemble(b"heic", [picture, depth], (b"auxl", 2, [1]))


def _turned(write: Callable[..., bytes]) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return write(photo(), exif=exif.tobytes())


def _of_16_bits() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(_sixteen("L")).save(buffer, "TIFF", compression="tiff_lzw")
    return buffer.getvalue()


MODES: dict[str, Callable[[], bytes]] = {
    "heic": lambda: heic(photo()),
    "heic, 4:4:4": lambda: heic(photo(), chroma=444),
    "heic, 10 bits": lambda: deep_heic(_sixteen("RGB"), "RGB;16", 10),
    "heic, 12 bits": lambda: deep_heic(_sixteen("RGB"), "RGB;16", 12),
    "heic, alpha": lambda: heic(photo().convert("RGBA")),
    "heic, 10 bits, alpha": lambda: deep_heic(_sixteen("RGBA"), "RGBA;16", 10),
    "heic, grey": lambda: heic(photo().convert("L")),
    "heic, grid": lambda: heifs.gridded(heic, photo(), b"heic", 96),
    "heic, turned": lambda: _turned(heic),
    "heic, thumbnail": lambda: heic(photo(), thumbnails=[64]),
    "heic, depth": _with_depth,
    "avif": lambda: avif(photo()),
    "avif, 4:4:4": lambda: avif(photo(), subsampling="4:4:4"),
    "avif, 10 bits": lambda: deep_avif(np.asarray(photo()), 10),
    "avif, 12 bits": lambda: deep_avif(np.asarray(photo()), 12),
    "avif, alpha": lambda: avif(photo().convert("RGBA")),
    "avif, grey": lambda: avif(photo().convert("L")),
    "avif, grid": lambda: heifs.gridded(avif, photo(), b"avif", 96),
    "avif, turned": lambda: _turned(avif),
    "avif, moving": lambda: _animated("AVIF", speed=9),
    "tiff": lambda: saved("TIFF"),
    "tiff, 1 bit": lambda: saved("TIFF", "1", compression="group4"),
    "tiff, 16 bits": _of_16_bits,
    "tiff, LZW, CMYK": lambda: saved("TIFF", "CMYK", compression="tiff_lzw"),
    "tiff, deflate, alpha": lambda: saved("TIFF", "RGBA", compression="tiff_adobe_deflate"),
    "tiff, JPEG": lambda: saved("TIFF", compression="jpeg"),
    "tiff, pages": lambda: _animated("TIFF", compression="packbits"),
    "gif": lambda: saved("GIF"),
    "gif, moving": lambda: _animated("GIF"),
    "bmp": lambda: saved("BMP"),
    "bmp, palette": lambda: saved("BMP", "P"),
}
"""A real portrait in each mode; each is mutated."""
