from time import process_time

import pytest

from facecraft.imaging import xmp
from facecraft.imaging.metadata import Metadata, Place

PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:SerialNumber="SECRET-SERIAL"
  xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:DateCreated="1923"
  xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="48,51.502206S" exif:GPSAltitude="71/2">
 <exif:GPSLongitude>2,17,40.1316E</exif:GPSLongitude>
 <dc:title><rdf:Alt>
  <rdf:li xml:lang="de">Anna</rdf:li><rdf:li xml:lang="x-default">Ann</rdf:li>
 </rdf:Alt></dc:title>
 <dc:creator><rdf:Seq><rdf:li>Zoë</rdf:li><rdf:li>Max</rdf:li></rdf:Seq></dc:creator>
 <dc:rights>plain</dc:rights>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()
OF_PACKET = Metadata(
    taken="1923", title="Ann", author="Zoë; Max", copyright="plain", place=Place(-48.8583701, 2.294481, 35.5)
)
ABOUT = b'rdf:about=""'


def test_a_packet_is_read_and_written() -> None:
    assert xmp.read(PACKET) == OF_PACKET
    assert xmp.read(xmp.written(OF_PACKET)) == OF_PACKET


def test_the_photos_own_properties_count_not_those_of_what_it_was_made_from() -> None:
    nested = PACKET.replace(
        b"<dc:title>", b"<dc:source><rdf:Description dc:title='other'/></dc:source><dc:title>"
    )
    assert xmp.read(nested).title == "Ann"


def test_places_by_xmp() -> None:
    def place(*values: str) -> Place | None:
        names = ("GPSLatitude", "GPSLongitude", "GPSAltitude", "GPSAltitudeRef")
        attributes = "".join(f" exif:{name}='{value}'" for name, value in zip(names, values, strict=False))
        head, rest = xmp.written(Metadata()).split(ABOUT)
        return xmp.read(head + ABOUT + attributes.encode() + rest).place

    assert place("1,30N", "2,0,36W") == Place(1.5, -2.01)
    assert place("1,30S", "2,30E", "100/0") == Place(-1.5, 2.5)
    assert place("1,30S", "2,30E", "7", "1") == Place(-1.5, 2.5, -7)
    assert place("1.5", "2.5") is place("91,0N", "0,0E") is place("1,30N") is None


def entities(depth: int) -> bytes:
    """A packet whose title would be 10 ** depth letters."""
    names = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x"}">' for n in range(depth + 1)]
    title = b"&e%d;" % depth
    return f"<!DOCTYPE x [{''.join(names)}]>".encode() + PACKET.split(b"?>", 1)[1].replace(
        b"Ann<", title + b"<"
    )


HOSTILE = {
    "entities": entities(9),
    "an outside file": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "deep": b"<a>" * 80_000,
    "wide": b"<r>" + b"<a/>" * 60_000 + b"</r>",
    "many attributes": b"<r " + b" ".join(b'a%d="1"' % n for n in range(20_000)) + b"/>",
    "too long": PACKET + b" " * xmp.LONGEST_BYTES,
    "nonsense": bytes(range(256)),
    "another code": b'<?xml version="1.0" encoding="klingon"?><a/>',
    "cut": PACKET[:500],
}


@pytest.mark.parametrize("packet", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_packet_says_nothing_and_takes_no_time(packet: bytes) -> None:
    start = process_time()
    assert xmp.read(packet) == Metadata()
    assert process_time() - start < 1
