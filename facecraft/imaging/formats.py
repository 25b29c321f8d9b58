"""The one table of file formats, with their signatures, readers and writers.

A format is recognised by a file's first bytes, never by its name. One row adds a format. A format with a
writer also needs its name in `facecraft.types.ImageFormat`, for type checkers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from facecraft.errors import UndecodableImage, UnsupportedFormat
from facecraft.imaging import gif, heif, readers, tiff
from facecraft.imaging.encoders import Encoding, encode_avif, encode_jpeg, encode_png, encode_webp
from facecraft.imaging.structure import Structure
from facecraft.types import ImageFormat

if TYPE_CHECKING:
    from PIL.Image import Image

    from facecraft.imaging.picture import Picture

SIGNATURE_BYTES = 256
"""Number of bytes at a file's start that are enough to recognise its format."""
BRANDS: Mapping[str, frozenset[bytes]] = {
    "avif": frozenset({b"avif", b"avis"}),
    "heic": frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}),
}
"""Brands of ISO files that name a codec."""
HEIF_BRANDS = frozenset({b"mif1", b"msf1"})
"""Brands of any codec. A file with no other one is called HEIC, and its pictures tell."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The reader of a format.

    Attributes:
        pillow: names of the format in Pillow.
        open: opens or decodes a file; only with the decoders of this format.
        measure: reads a file's structure before `open` sees it, given the largest number of pictures. None
            where the plugin of Pillow in `open` does so in little time and memory.
        info: what a file says beside its pixels, by Pillow's names. None where `open` decodes no pixels.
    """

    pillow: tuple[str, ...]
    open: "Callable[[bytes], Image]"
    measure: Callable[[bytes, int], Structure] | None = None
    info: Callable[[bytes], Mapping[str, object]] | None = None


def _of_pillow(*names: str) -> Reader:
    """A reader that is nothing but plugins of Pillow."""
    return Reader(names, lambda data: readers.open_with(data, *names))


@dataclass(frozen=True, slots=True)
class Writer:
    """The writer of a format.

    Attributes:
        encode: returns the file's bytes.
        media_type: of the file.
        longest_side_px: the longest side that the encoder accepts.
        lossless: whether the encoder ignores the quality.
        transparent: whether it keeps transparency.
        share: of the largest number of pixels, that its encoder has the memory for.
    """

    encode: "Callable[[Picture, Encoding], bytes]"
    media_type: str
    longest_side_px: int
    lossless: bool = False
    transparent: bool = True
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Format:
    """One file format.

    Attributes:
        title: the name for people.
        suffixes: of file names, lower case with the dot; new files get the first.
        recognises: tells from a file's first SIGNATURE_BYTES whether it has this format.
        reader: None if the format is not accepted.
        writer: None if it cannot be written.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    reader: Reader | None = None
    writer: Writer | None = None


def _iso_format(head: bytes) -> str | None:
    """The format that the brands of an ISO file name: the major brand if it names one, else the first."""
    if head[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[at : at + 4] for at in (8, *range(16, end - 3, 4))]
    named = [name for brand in brands for name, known in BRANDS.items() if brand in known]
    return named[0] if named else "heic" if HEIF_BRANDS.intersection(brands) else None


TABLE = (
    Format(
        "jpeg",
        "JPEG",
        (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
        lambda head: head.startswith(b"\xff\xd8\xff"),
        _of_pillow("JPEG", "MPO"),
        Writer(encode_jpeg, "image/jpeg", longest_side_px=65_500, transparent=False),
    ),
    Format(
        "png",
        "PNG",
        (".png", ".apng"),
        lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
        Reader(("PNG",), readers.open_png),
        Writer(encode_png, "image/png", longest_side_px=1_000_000, lossless=True),
    ),
    Format(
        "webp",
        "WebP",
        (".webp",),
        lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
        _of_pillow("WEBP"),
        Writer(encode_webp, "image/webp", longest_side_px=16_383),
    ),
    Format(
        "avif",
        "AVIF",
        (".avif", ".avifs"),
        lambda head: _iso_format(head) == "avif",
        Reader(("AVIF",), readers.open_avif, heif.measure_avif, readers.info_of_avif),
        Writer(encode_avif, "image/avif", longest_side_px=32_768, share=0.5),
    ),
    Format(
        "heic",
        "HEIC",
        (".heic", ".heif", ".hif", ".heics", ".heifs"),
        lambda head: _iso_format(head) == "heic",
        Reader(("HEIF",), readers.open_heic, heif.measure_heic, readers.info_of_heic),
    ),
    Format(
        "tiff",
        "TIFF",
        (".tif", ".tiff"),
        lambda head: head.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
        Reader(("TIFF",), readers.open_tiff, tiff.measure),
    ),
    Format(
        "gif",
        "GIF",
        (".gif",),
        lambda head: head.startswith((b"GIF87a", b"GIF89a")),
        Reader(("GIF",), readers.open_gif, gif.measure),
    ),
    Format(
        "bmp",
        "BMP",
        (".bmp", ".dib"),
        lambda head: head.startswith(b"BM"),
        Reader(("BMP", "DIB"), readers.open_bmp, readers.measure_bmp),
    ),
    Format("pdf", "PDF", (".pdf",), lambda head: head.startswith(b"%PDF")),
    Format("svg", "SVG", (".svg",), lambda head: b"<svg" in head.lower()),
)
FORMATS: Mapping[str, Format] = {each.name: each for each in TABLE}
WRITERS: Mapping[ImageFormat, Writer] = {
    cast("ImageFormat", each.name): each.writer for each in TABLE if each.writer is not None
}
MEDIA_TYPES: Mapping[ImageFormat, str] = {name: writer.media_type for name, writer in WRITERS.items()}
SUFFIXES: Mapping[ImageFormat, str] = {name: FORMATS[name].suffixes[0] for name in WRITERS}
"""Suffix for the file name of a portrait, by format."""
READABLE = tuple(each.name for each in TABLE if each.reader is not None)
_TITLES = tuple(FORMATS[name].title for name in READABLE)
READABLE_LIST = f"{', '.join(_TITLES[:-1])} or {_TITLES[-1]}"
"""The formats that are read, as words of a sentence."""
READ_SUFFIXES = frozenset(suffix for each in TABLE if each.reader for suffix in each.suffixes)
"""Suffixes of the file names of photos, lower case."""


def sniff(data: bytes) -> tuple[str, Reader]:
    """Recognise a file's format by its content.

    Raises:
        UndecodableImage: the file is empty.
        UnsupportedFormat: the format is unknown, or is not accepted.
    """
    if not data:
        raise UndecodableImage("The file is empty.")
    head = data[:SIGNATURE_BYTES]
    for each in TABLE:
        if each.recognises(head):
            if each.reader is None:
                raise _refused(f"The file is a {each.title} file, which is not accepted.")
            return each.name, each.reader
    raise _refused("The file is not an image of a known format.")


def _refused(detail: str) -> UnsupportedFormat:
    return UnsupportedFormat(detail, hint=f"Send a photo as {READABLE_LIST}.")


def writer_of(name: str) -> Writer:
    """Look up the writer of a format.

    Raises:
        UnsupportedFormat: the format is unknown, or it cannot be written.
    """
    writer = WRITERS.get(cast("ImageFormat", name))
    if writer is None:
        raise UnsupportedFormat(
            f"Facecraft cannot write {name.upper()}.", hint=f"Use one of {', '.join(WRITERS)}."
        )
    return writer


def answered(source: str, *, transparent: bool) -> ImageFormat:
    """The format of the answer to a photo of a format: the same, if it is written and keeps what is there.

    Else it is JPEG, or PNG for a transparent picture.
    """
    writer = WRITERS.get(cast("ImageFormat", source))
    if writer is not None and (writer.transparent or not transparent):
        return cast("ImageFormat", source)
    return "png" if transparent else "jpeg"


def written_format(pillow: str | None) -> ImageFormat:
    """The format that Pillow calls by this name, if it is written; else PNG."""
    for name in WRITERS:
        reader = FORMATS[name].reader
        if reader is not None and pillow in reader.pillow:
            return name
    return "png"
