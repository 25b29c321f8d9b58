"""Metadata in EXIF: a photo's, read, and a portrait's, written.

Source: CIPA DC-008 (EXIF 2.32 and later). Its texts are ASCII by the letter; UTF-8 is what programs write
and read.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PIL.ExifTags import GPS, IFD, Base

from facecraft.imaging.metadata import Metadata, Place, decode_text, iso_date

if TYPE_CHECKING:
    from PIL.Image import Exif

DIGITISED, DIGITISED_OFFSET = 0x9004, 0x9012
SECOND_PARTS = 10_000
"""A part of a second of arc this small is 3 mm."""
INCHES = 2


def read(exif: "Exif") -> Metadata:
    """What it says."""
    tags = exif.get_ifd(IFD.Exif)
    return Metadata(
        taken=_date(tags.get(Base.DateTimeOriginal), tags.get(Base.OffsetTimeOriginal)),
        digitised=_date(tags.get(DIGITISED), tags.get(DIGITISED_OFFSET)),
        changed=_date(exif.get(Base.DateTime), tags.get(Base.OffsetTime)),
        title=_text(exif.get(Base.ImageDescription)),
        author=_text(exif.get(Base.Artist)),
        copyright=_text(exif.get(Base.Copyright)),
        place=_place(exif.get_ifd(IFD.GPSInfo)),
    )


def written(metadata: Metadata | None, dpi: int | None) -> bytes:
    """EXIF with this metadata and the resolution, and nothing else; empty if there is neither."""
    from PIL import Image  # noqa: PLC0415  # the table of formats is imported where nothing is drawn

    exif, metadata = Image.Exif(), metadata or Metadata()
    texts = {
        Base.ImageDescription: metadata.title,
        Base.Artist: metadata.author,
        Base.Copyright: metadata.copyright,
    }
    for tag, text in texts.items():
        if text is not None:
            exif[tag] = text.encode()
    tags = {
        **_stamp(metadata.taken, Base.DateTimeOriginal, Base.OffsetTimeOriginal),
        **_stamp(metadata.digitised, DIGITISED, DIGITISED_OFFSET),
    }
    changed = _stamp(metadata.changed, Base.DateTime, Base.OffsetTime)
    if Base.DateTime in changed:
        exif[Base.DateTime] = changed.pop(Base.DateTime)
    if tags := tags | changed:
        exif[IFD.Exif] = tags
    if metadata.place is not None:
        exif[IFD.GPSInfo] = _gps(metadata.place)
    if dpi is not None:
        exif[Base.XResolution] = exif[Base.YResolution] = float(dpi)
        exif[Base.ResolutionUnit] = INCHES
    return exif.tobytes() if len(exif) else b""


def _text(value: Any) -> str | None:
    """Pillow reads texts as Latin-1, whatever they are."""
    if isinstance(value, str):
        value = value.encode("latin-1", "replace")
    return decode_text(value) if isinstance(value, bytes) else None


def _date(text: Any, offset: Any) -> str | None:
    return iso_date(text, offset if isinstance(offset, str) else "") if isinstance(text, str) else None


def _stamp(iso: str | None, tag: int, offset_tag: int) -> dict[int, str]:
    """A date and its offset from UTC, as EXIF has them. It has no date without a time."""
    if iso is None or "T" not in iso:
        return {}
    stamp = {tag: iso[:19].replace("-", ":").replace("T", " ")}
    return stamp | ({offset_tag: iso[19:]} if iso[19:] else {})


def _place(gps: Mapping[int, Any]) -> Place | None:
    latitude = _degrees(gps.get(GPS.GPSLatitude), gps.get(GPS.GPSLatitudeRef), "S")
    longitude = _degrees(gps.get(GPS.GPSLongitude), gps.get(GPS.GPSLongitudeRef), "W")
    altitude = _number(gps.get(GPS.GPSAltitude))
    if gps.get(GPS.GPSAltitudeRef) in {1, b"\x01"}:
        altitude = -altitude
    return Place.of(latitude, longitude, altitude)


def _degrees(value: Any, direction: Any, negative: str) -> float:
    """Degrees, minutes and seconds as one number; not a number if they are none."""
    if not isinstance(value, tuple) or len(value) != 3 or not isinstance(direction, str):
        return math.nan
    degrees, minutes, seconds = map(_number, value)
    size = degrees + minutes / 60 + seconds / 3600
    return -size if direction.strip("\0 ").upper() == negative else size


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return math.nan


def _gps(place: Place) -> dict[int, Any]:
    tags: dict[int, Any] = {
        GPS.GPSVersionID: bytes((2, 3, 0, 0)),
        GPS.GPSLatitudeRef: "S" if place.latitude < 0 else "N",
        GPS.GPSLatitude: _sexagesimal(place.latitude),
        GPS.GPSLongitudeRef: "W" if place.longitude < 0 else "E",
        GPS.GPSLongitude: _sexagesimal(place.longitude),
    }
    if place.altitude_m is not None:
        tags[GPS.GPSAltitudeRef] = bytes([place.altitude_m < 0])
        tags[GPS.GPSAltitude] = _ratio(round(abs(place.altitude_m) * 100), 100)
    return tags


def _sexagesimal(degrees: float) -> tuple[Any, Any, Any]:
    minutes, parts = divmod(round(abs(degrees) * 3600 * SECOND_PARTS), 60 * SECOND_PARTS)
    return _ratio(minutes // 60, 1), _ratio(minutes % 60, 1), _ratio(parts, SECOND_PARTS)


def _ratio(numerator: int, denominator: int) -> Any:
    from PIL.TiffImagePlugin import IFDRational  # noqa: PLC0415

    return IFDRational(numerator, denominator)
