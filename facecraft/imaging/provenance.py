"""Where a photo says who made it, when and where: read from its file."""

import io
import zlib
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

from PIL import Image
from PIL.JpegImagePlugin import jpeg_factory
from PIL.TiffImagePlugin import TiffImageFile

from facecraft.imaging import exif, iptc, png, xmp
from facecraft.imaging.codec import BROKEN
from facecraft.imaging.formats import sniff
from facecraft.imaging.metadata import LONGEST, Metadata, decode_text, iso_date

IPTC_RESOURCE = 0x0404  # in the resources of Photoshop
IPTC_TAG = 33723  # of a TIFF
XMP_KEYWORD = b"XML:com.adobe.xmp"
EXIF_CHUNK = b"eXIf"
LIMITS = {
    XMP_KEYWORD: xmp.LONGEST_BYTES + 1,  # a longer one is none
    **dict.fromkeys((b"Title", b"Author", b"Copyright", b"Creation Time"), 4 * LONGEST),
}
"""Bytes that are read of the texts of a PNG, by their keyword."""


def kept(photo: bytes | Image.Image, *, place: bool) -> Metadata | None:
    """What a portrait's file may say of its photo, and of the place only if asked; None for nothing.

    Args:
        photo: as in `read`.
        place: whether to say where it was taken.
    """
    told = read(photo) if place else read(photo).without_place
    return None if told.empty else told


def read(photo: bytes | Image.Image) -> Metadata:
    """What a photo says. What is broken says nothing.

    Texts are those of XMP, else IPTC, else EXIF; date and place those of EXIF, else XMP, else IPTC. The
    texts that a PNG has of its own count like IPTC.

    Args:
        photo: its file, of any format that is read; or an image of Pillow.
    """
    if isinstance(photo, Image.Image):
        return _of_image(photo)
    format_, reader = sniff(photo)
    if format_ == "png":
        return _of_png(photo)
    try:
        if reader.info is not None:
            return _of_info(reader.info(photo))
        # Pillow's `open` refuses a JPEG that may be decoded smaller.
        with jpeg_factory(io.BytesIO(photo)) if format_ == "jpeg" else reader.open(photo) as image:
            return _of_image(image)
    except BROKEN:
        return Metadata()


def _of_image(image: Image.Image) -> Metadata:
    try:
        told, records = exif.read(image.getexif()), _records(image)
    except BROKEN:
        told, records = Metadata(), b""
    return _joined(told, xmp.read(_packet(image.info)), iptc.read(records))


def _of_info(info: Mapping[str, object]) -> Metadata:
    told = info.get("exif")
    return _joined(_of_exif(told if isinstance(told, bytes) else b""), xmp.read(_packet(info)), Metadata())


def _packet(info: Mapping[Any, object]) -> bytes:
    """The XMP that Pillow has found."""
    packet = info.get("xmp")
    if isinstance(packet, str):
        return packet.encode()
    return packet if isinstance(packet, bytes) else b""


def _records(image: Image.Image) -> bytes:
    """The IPTC of a JPEG, in the resources of Photoshop, or of a TIFF, in a tag of its own."""
    resources = image.info.get("photoshop")
    records = resources.get(IPTC_RESOURCE) if isinstance(resources, dict) else None
    if records is None and isinstance(image, TiffImageFile):
        records = image.tag_v2.get(IPTC_TAG)
    return records if isinstance(records, bytes) else b""


def _of_png(data: bytes) -> Metadata:
    """Pillow would decode the pixels to read what is behind them."""
    told, texts = None, dict[bytes, bytes]()
    for kind, body in png.find(data, png.TEXTS | {EXIF_CHUNK}):
        if kind == EXIF_CHUNK:
            told = told or _of_exif(bytes(body))
            continue
        keyword = bytes(body[:80]).split(b"\0", 1)[0]
        if keyword in LIMITS and keyword not in texts:
            texts[keyword] = _text(kind, bytes(body[len(keyword) + 1 :][: LIMITS[keyword]]), LIMITS[keyword])
    own = Metadata(
        taken=_date(texts.get(b"Creation Time", b"")),
        title=decode_text(texts.get(b"Title", b"")),
        author=decode_text(texts.get(b"Author", b"")),
        copyright=decode_text(texts.get(b"Copyright", b"")),
    )
    return _joined(told or Metadata(), xmp.read(texts.get(XMP_KEYWORD, b"")), own)


def _of_exif(data: bytes) -> Metadata:
    found = Image.Exif()
    try:
        found.load(data)
        return exif.read(found)
    except BROKEN:
        return Metadata()


def _joined(exif_: Metadata, xmp_: Metadata, other: Metadata) -> Metadata:
    texts, dates = xmp_.filled(other).filled(exif_), exif_.filled(xmp_).filled(other)
    changed = dates.changed if dates.taken is None and dates.digitised is None else None
    return replace(texts, taken=dates.taken, digitised=dates.digitised, changed=changed, place=dates.place)


def _text(kind: bytes, rest: bytes, most: int) -> bytes:
    """The value of a text of a PNG, behind its keyword: at most that many bytes of it."""
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed, parts = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
        rest = parts[2] if len(parts) == 3 else b""
    elif packed:
        rest = rest[1:]
    try:
        return zlib.decompressobj().decompress(rest, most) if packed else rest
    except zlib.error:
        return b""


def _date(text: bytes) -> str | None:
    """As the PNG specification wants it, "Wed, 06 May 2020 10:11:12 +0200", or as EXIF has it."""
    value = text.decode("latin-1")[:64]
    try:
        return iso_date(value) or iso_date(parsedate_to_datetime(value).isoformat())
    except (ValueError, TypeError, OverflowError):
        return None
