"""The one table of file formats, with their signatures, readers and writers.

A format is recognised by a file's first bytes, never by its name. One row adds a format. A format with a
writer also needs its name in `facecraft.types.ImageFormat`, for type checkers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from facecraft.errors import UndecodableImage, UnsupportedFormat
from facecraft.imaging.encoders import Encoding, encode_jpeg, encode_png, encode_webp
from facecraft.types import ImageFormat

if TYPE_CHECKING:
    from facecraft.imaging.picture import Picture

SIGNATURE_BYTES = 256
"""Number of bytes at a file's start that are enough to recognise its format."""
ISO_BRANDS: Mapping[str, tuple[bytes, ...]] = {
    "heic": (b"heic", b"heix", b"mif1", b"msf1", b"hevc"),
    "avif": (b"avif", b"avis"),
}


@dataclass(frozen=True, slots=True)
class Reader:
    """The reader of a format.

    Attributes:
        pillow: names of Pillow's plugins for the format.
    """

    pillow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """The writer of a format.

    Attributes:
        encode: returns the file's bytes.
        media_type: of the file.
        longest_side_px: the longest side that the encoder accepts.
        lossless: whether the encoder ignores the quality.
    """

    encode: "Callable[[Picture, Encoding], bytes]"
    media_type: str
    longest_side_px: int
    lossless: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """One file format.

    Attributes:
        suffixes: of file names, lower case with the dot; new files get the first.
        recognises: tells from a file's first SIGNATURE_BYTES whether it has this format.
        reader: None if the format is not accepted.
        writer: None if it cannot be written.
    """

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    reader: Reader | None = None
    writer: Writer | None = None


def _iso_brand(name: str) -> Callable[[bytes], bool]:
    return lambda head: head[4:8] == b"ftyp" and head[8:12] in ISO_BRANDS[name]


TABLE = (
    Format(
        "jpeg",
        (".jpg", ".jpeg"),
        lambda head: head.startswith(b"\xff\xd8\xff"),
        Reader(("JPEG", "MPO")),
        Writer(encode_jpeg, "image/jpeg", longest_side_px=65_500),
    ),
    Format(
        "png",
        (".png",),
        lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
        Reader(("PNG",)),
        Writer(encode_png, "image/png", longest_side_px=1_000_000, lossless=True),
    ),
    Format(
        "webp",
        (".webp",),
        lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
        Reader(("WEBP",)),
        Writer(encode_webp, "image/webp", longest_side_px=16_383),
    ),
    Format("gif", (".gif",), lambda head: head.startswith((b"GIF87a", b"GIF89a"))),
    Format("heic", (".heic", ".heif"), _iso_brand("heic")),
    Format("avif", (".avif",), _iso_brand("avif")),
    Format("tiff", (".tif", ".tiff"), lambda head: head.startswith((b"II*\x00", b"MM\x00*"))),
    Format("bmp", (".bmp",), lambda head: head.startswith(b"BM")),
    Format("pdf", (".pdf",), lambda head: head.startswith(b"%PDF")),
    Format("svg", (".svg",), lambda head: b"<svg" in head.lower()),
)
FORMATS: Mapping[str, Format] = {each.name: each for each in TABLE}
WRITERS: Mapping[ImageFormat, Writer] = {
    cast("ImageFormat", each.name): each.writer for each in TABLE if each.writer is not None
}
MEDIA_TYPES: Mapping[ImageFormat, str] = {name: writer.media_type for name, writer in WRITERS.items()}
SUFFIXES: Mapping[ImageFormat, str] = {name: FORMATS[name].suffixes[0] for name in WRITERS}
"""Suffix for the file name of a portrait, by format."""
READABLE = tuple(each.name for each in TABLE if each.reader is not None)
READ_SUFFIXES = frozenset(suffix for each in TABLE if each.reader for suffix in each.suffixes)
"""Suffixes of the file names of photos, lower case."""


def sniff(data: bytes) -> tuple[ImageFormat, Reader]:
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
                raise UnsupportedFormat(f"The file is a {each.name.upper()} file, which is not accepted.")
            return cast("ImageFormat", each.name), each.reader
    raise UnsupportedFormat("The file is not an image of a known format.")


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


def written_format(pillow: str | None) -> ImageFormat:
    """The format that Pillow calls by this name, if it is written; else PNG."""
    for name in WRITERS:
        reader = FORMATS[name].reader
        if reader is not None and pillow in reader.pillow:
            return name
    return "png"
