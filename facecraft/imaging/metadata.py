"""What a photo's file says of the photo, as far as an answer may say it too.

Nothing else passes: no orientation, which the pixels have already, no thumbnail, no camera and no serial
number, no note of its maker.
"""

import re
import unicodedata
from codecs import getincrementaldecoder
from dataclasses import dataclass, fields, replace
from datetime import date, time
from typing import Self

LONGEST = 500
"""Characters of a text."""
JOINERS = "\u200c\u200d"
"""Characters without a shape that words of some languages are written with."""
TWO = r"(\d\d|  )"
DATE = re.compile(
    rf"(\d{{4}})(?:[:-]{TWO}(?:[:-]{TWO}(?:[T ]{TWO}:{TWO}(?::{TWO}(?:\.\d{{1,9}})?)?"
    r" ?(Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII,
)
"""ISO 8601, and the same with colons and blanks, as EXIF has it."""
ZONE = re.compile(r"([+-][01]\d):?([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the photo was taken.

    Attributes:
        latitude: in degrees, positive to the north.
        longitude: in degrees, positive to the east.
        altitude_m: above the sea; None if unknown.
    """

    latitude: float
    longitude: float
    altitude_m: float | None = None

    @classmethod
    def of(cls, latitude: float, longitude: float, altitude_m: float | None) -> Self | None:
        """The place, or None if there is no such place on Earth. An altitude beyond it is left out."""
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # also where one is not a number
            return None
        near = altitude_m is not None and abs(altitude_m) < 100_000
        return cls(round(latitude, 7), round(longitude, 7), altitude_m if near else None)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What may be kept. None is what the file does not say.

    Attributes:
        taken: when the photo was taken, by ISO 8601: from 2020 to 2020-05-06T10:11:12+02:00.
        digitised: when the file was made, of a scan long after; likewise.
        changed: when the file was last changed, likewise.
        title: at most LONGEST characters, as in the next two.
        author: one name, or several with semicolons.
        copyright: who has which rights.
        place: where it was taken.
    """

    taken: str | None = None
    digitised: str | None = None
    changed: str | None = None
    title: str | None = None
    author: str | None = None
    copyright: str | None = None
    place: Place | None = None

    @property
    def empty(self) -> bool:
        return self == Metadata()

    @property
    def without_place(self) -> "Metadata":
        return replace(self, place=None)

    def filled(self, other: "Metadata") -> "Metadata":
        """This, and what the other one says where this says nothing."""
        missing = (each.name for each in fields(self) if getattr(self, each.name) is None)
        return replace(self, **{name: getattr(other, name) for name in missing})


def clean(text: str) -> str | None:
    """One line of text, without characters that have no shape; None if nothing is left."""
    shown = (each if _has_shape(each) else " " for each in text[: 4 * LONGEST])
    return " ".join("".join(shown).split())[:LONGEST].rstrip() or None


def decode_text(data: bytes) -> str | None:
    """Text of a file that does not say in which code it is: UTF-8, or else Latin-1."""
    start = data[: 4 * LONGEST]
    try:
        return clean(getincrementaldecoder("utf-8")().decode(start, final=start == data))
    except UnicodeDecodeError:
        return clean(start.decode("latin-1"))


def iso_date(text: str, offset: str = "") -> str | None:
    """A date by ISO 8601, as far as it is known: 1923, 1923-05, or with the time; None if it is none.

    Args:
        text: of ISO 8601 or EXIF. Unknown parts may be blank; a month and a day also 00.
        offset: from UTC, if it stands elsewhere: +02:00.
    """
    found = DATE.fullmatch(text[:40].strip("\0"))
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = (part or "  " for part in found.groups())
    known = [year]
    for part in (month, day):
        if part in {"  ", "00"}:
            break
        known.append(part)
    clock = [] if len(known) < 3 or "  " in {hour, minute} else [hour, minute, second.replace("  ", "00")]
    try:
        date(*map(int, (*known, 1, 1)[:3]))
        time.fromisoformat(":".join(clock) or "00:00")
    except ValueError:
        return None
    return "-".join(known) + (f"T{':'.join(clock)}{_zone(zone) or _zone(offset)}" if clock else "")


def _zone(text: str) -> str:
    found = ZONE.fullmatch(text.strip(" \0").replace("Z", "+00:00"))
    return "" if found is None else f"{found[1]}:{found[2]}"


def _has_shape(character: str) -> bool:
    return not unicodedata.category(character).startswith("C") or character in JOINERS
