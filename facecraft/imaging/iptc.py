"""Metadata in the records of IPTC-IIM, as agencies and archives write them. Source: IPTC-IIM 4.2."""

from collections.abc import Iterator

from facecraft.imaging.metadata import Metadata, clean, decode_text, iso_date

MARK = 0x1C
APPLICATION = 2
"""The record with the facts."""
TITLE, DATE, TIME, AUTHOR, COPYRIGHT = 5, 55, 60, 80, 116
MOST_FIELDS = 1000


def read(records: bytes) -> Metadata:
    """What the records say."""
    found: dict[int, list[bytes]] = {}
    for number, value in _fields(records):
        found.setdefault(number, []).append(value)
    first = {number: values[0] for number, values in found.items()}
    authors = filter(None, map(decode_text, found.get(AUTHOR, [])))
    return Metadata(
        taken=_date(first.get(DATE, b""), first.get(TIME, b"")),
        title=decode_text(first.get(TITLE, b"")),
        author=clean("; ".join(authors)),
        copyright=decode_text(first.get(COPYRIGHT, b"")),
    )


def _fields(records: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and value of each field of the application's record, up to the first that is broken."""
    at = 0
    for _ in range(MOST_FIELDS):
        head = records[at : at + 5]
        size = int.from_bytes(head[3:5], "big")
        if len(head) < 5 or head[0] != MARK or at + 5 + size > len(records):  # a longer size is over 32767
            return
        if head[1] == APPLICATION:
            yield head[2], records[at + 5 : at + 5 + size]
        at += 5 + size


def _date(day: bytes, clock: bytes) -> str | None:
    """Of CCYYMMDD and HHMMSS±HHMM."""
    date, time = day.decode("latin-1"), clock.decode("latin-1")
    text = f"{date[:4]}-{date[4:6]}-{date[6:8]}"
    if len(time) in (6, 11):
        return iso_date(f"{text}T{time[:2]}:{time[2:4]}:{time[4:6]}{time[6:]}") or iso_date(text)
    return iso_date(text)
