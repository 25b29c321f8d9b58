"""What an uploaded file is, judged from its first bytes and its structure, before any pixel is decoded."""

from collections.abc import Callable
from typing import cast

from facecraft.errors import UndecodableImage, UnsupportedFormat
from facecraft.types import ImageFormat

KNOWN_BY_NAME: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("jpeg", lambda head: head.startswith(b"\xff\xd8\xff")),
    ("png", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    ("webp", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    ("GIF", lambda head: head.startswith((b"GIF87a", b"GIF89a"))),
    (
        "HEIC",
        lambda head: head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"),
    ),
    ("AVIF", lambda head: head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis")),
    ("TIFF", lambda head: head.startswith((b"II*\x00", b"MM\x00*"))),
    ("BMP", lambda head: head.startswith(b"BM")),
    ("PDF", lambda head: head.startswith(b"%PDF")),
    ("SVG", lambda head: b"<svg" in head.lower()),
)
ACCEPTED = ("jpeg", "png", "webp")


def sniff(data: bytes) -> ImageFormat:
    """The format of a file by its content.

    Raises:
        UndecodableImage: the file is empty.
        UnsupportedFormat: it is none of those accepted; the message names what it is, where that is known.
    """
    if not data:
        raise UndecodableImage("The file is empty.")
    head = data[:256]
    for name, matches in KNOWN_BY_NAME:
        if matches(head):
            if name in ACCEPTED:
                return cast("ImageFormat", name)
            raise UnsupportedFormat(f"The file is a {name} file, which is not accepted.")
    raise UnsupportedFormat("The file is not an image of a known format.")


def count_scans(jpeg: bytes, stop_after: int) -> int:
    """Number of scans in a JPEG, counted no further than just past `stop_after`.

    A progressive file of a few kilobytes can make a decoder run over the picture thousands of times (ITU T.81
    sets no limit). Markers are walked, since the bytes of a start of scan may also stand inside a segment.
    """
    scans, at = 0, 2
    while scans <= stop_after:
        at = jpeg.find(b"\xff", at)
        if at < 0 or at + 4 > len(jpeg):
            break
        marker = jpeg[at + 1]
        if marker == 0xD9:  # end of image
            break
        if marker == 0xFF:  # padding before a marker
            at += 1
            continue
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:  # stuffed data and markers without a length
            at += 2
            continue
        if marker == 0xDA:
            scans += 1
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return scans
