"""Metadata in XMP: a photo's, read, and a portrait's, written. Source: ISO 16684-1."""

import math
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from facecraft.imaging.metadata import Metadata, Place, clean, iso_date

LONGEST_BYTES = 256_000
"""A longer packet is not read: its history of edits would take the time and memory of a picture."""
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
XMP = "http://ns.adobe.com/xap/1.0/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
EXIF = "http://ns.adobe.com/exif/1.0/"
PREFIXES = {"rdf": RDF, "dc": DC, "xmp": XMP, "photoshop": PHOTOSHOP, "exif": EXIF}
LANGUAGE, DEFAULT_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang", "x-default"
DEGREES = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d{1,12})?)(?:,(\d{1,2}(?:\.\d{1,12})?))?([NSEW])", re.ASCII)
RATIO = re.compile(r"(\d{1,12})(?:/(\d{1,12}))?", re.ASCII)


def read(packet: bytes) -> Metadata:
    """What a packet says; nothing if it is no XMP, longer than LONGEST_BYTES, or has entities."""
    if len(packet) > LONGEST_BYTES:
        return Metadata()
    try:
        root = fromstring(packet.strip(b"\0"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return Metadata()
    facts = _Facts(root)
    return Metadata(
        taken=iso_date(facts.text(PHOTOSHOP, "DateCreated"))
        or iso_date(facts.text(EXIF, "DateTimeOriginal")),
        digitised=iso_date(facts.text(XMP, "CreateDate")),
        changed=iso_date(facts.text(XMP, "ModifyDate")),
        title=clean(facts.text(DC, "title")),
        author=clean("; ".join(facts.texts(DC, "creator"))),
        copyright=clean(facts.text(DC, "rights")),
        place=_place(facts),
    )


def written(metadata: Metadata) -> bytes:
    """A packet with this metadata, and nothing else."""
    lines = [
        _alternative("dc:title", metadata.title),
        _alternative("dc:rights", metadata.copyright),
        "" if metadata.author is None else _listed("dc:creator", "Seq", f"<rdf:li>{escape(metadata.author)}"),
    ]
    values = {
        "photoshop:DateCreated": metadata.taken,
        "xmp:CreateDate": metadata.digitised,
        "xmp:ModifyDate": metadata.changed,
    }
    if metadata.place is not None:
        values |= _position(metadata.place)
    spaces = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in PREFIXES.items())
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in values.items() if value)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF{spaces}>'
        f'<rdf:Description rdf:about=""{attributes}>{"".join(lines)}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


class _Facts:
    """The properties of the photo itself, not those of what it was made from."""

    def __init__(self, root: Element) -> None:
        self._descriptions = [each for rdf in root.iter(f"{{{RDF}}}RDF") for each in rdf]

    def text(self, space: str, name: str) -> str:
        """The first value of a property, of a text in several languages the default one; else empty."""
        return next(self.texts(space, name), "")

    def texts(self, space: str, name: str) -> Iterator[str]:
        """The values of a property, of which a list has several."""
        name = f"{{{space}}}{name}"
        for description in self._descriptions:
            if name in description.attrib:
                yield description.attrib[name]
            for element in description.findall(name):
                items = element.findall(f"*/{{{RDF}}}li")
                items.sort(key=lambda item: item.get(LANGUAGE, DEFAULT_LANGUAGE) != DEFAULT_LANGUAGE)
                yield from (item.text for item in items or [element] if item.text)


def _place(facts: _Facts) -> Place | None:
    latitude = _degrees(facts.text(EXIF, "GPSLatitude"))
    longitude = _degrees(facts.text(EXIF, "GPSLongitude"))
    found = RATIO.fullmatch(facts.text(EXIF, "GPSAltitude"))
    if found is None or (found[2] is not None and not int(found[2])):
        return Place.of(latitude, longitude, None)
    altitude = int(found[1]) / int(found[2] or 1)
    below = facts.text(EXIF, "GPSAltitudeRef") == "1"
    return Place.of(latitude, longitude, -altitude if below else altitude)


def _degrees(text: str) -> float:
    """Of 48,51.5N or 48,51,30N; not a number if it is none."""
    found = DEGREES.fullmatch(text)
    if found is None:
        return math.nan
    size = int(found[1]) + float(found[2]) / 60 + float(found[3] or 0) / 3600
    return -size if found[4] in "SW" else size


def _position(place: Place) -> dict[str, str | None]:
    values: dict[str, str | None] = {
        "exif:GPSLatitude": _minutes(place.latitude, "NS"),
        "exif:GPSLongitude": _minutes(place.longitude, "EW"),
    }
    if place.altitude_m is not None:
        values["exif:GPSAltitude"] = f"{round(abs(place.altitude_m) * 100)}/100"
        values["exif:GPSAltitudeRef"] = "1" if place.altitude_m < 0 else "0"
    return values


def _minutes(degrees: float, directions: str) -> str:
    whole, minutes = divmod(round(abs(degrees) * 60, 6), 60)
    return f"{whole:.0f},{minutes:.6f}{directions[degrees < 0]}"


def _alternative(name: str, text: str | None) -> str:
    item = f'<rdf:li xml:lang="x-default">{escape(text or "")}'
    return "" if text is None else _listed(name, "Alt", item)


def _listed(name: str, kind: str, item: str) -> str:
    return f"<{name}><rdf:{kind}>{item}</rdf:li></rdf:{kind}></{name}>"
