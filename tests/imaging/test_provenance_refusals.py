"""Metadata that are broken, or made to cost time, say nothing."""

import zlib
from time import process_time

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from facecraft.imaging import provenance
from facecraft.imaging.metadata import Metadata
from tests.imaging.files import chunk, quadrants, saved
from tests.imaging.test_provenance import IPTC, exif_of_a_camera, strangers_jpeg, with_segment
from tests.imaging.test_xmp import PACKET


def test_a_packet_that_unpacks_to_much_is_not_unpacked() -> None:
    bomb = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b" " * 50_000_000, 9)
    data = saved(quadrants(), "PNG")
    hostile = data[:33] + chunk(b"iTXt", bomb) * 100 + chunk(b"zTXt", b"Title\0\0broken") + data[33:]
    start = process_time()
    assert provenance.read(hostile) == Metadata()
    assert process_time() - start < 1


@pytest.mark.filterwarnings("ignore")  # Pillow's, about what it skips
def test_broken_metadata_say_nothing() -> None:
    loop = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"
    for exif in (loop, b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff"):
        assert provenance.read(strangers_jpeg(exif=exif)) == Metadata()
        assert provenance.read(saved(quadrants(), "PNG", exif=exif)) == Metadata()
    broken = Image.Exif()
    broken[IFD.GPSInfo] = {GPS.GPSLatitude: (1.0, 2.0), GPS.GPSLatitudeRef: "N", GPS.GPSAltitude: 5.0}
    broken[IFD.Exif] = {Base.DateTimeOriginal: "soon"}
    assert provenance.read(strangers_jpeg(exif=broken)) == Metadata()
    assert provenance.read(with_segment(strangers_jpeg(), IPTC[:30])).author is None
    assert provenance.read(strangers_jpeg()[:40]) == Metadata()


@pytest.mark.filterwarnings("ignore")
def test_noise_in_the_place_of_metadata_is_survived() -> None:
    data, random = strangers_jpeg(exif=exif_of_a_camera(), xmp=PACKET), np.random.default_rng(5)
    data = with_segment(data, IPTC)
    end = data.index(b"\xff\xdb")
    for _ in range(300):
        changed = bytearray(data)
        for place in random.integers(20, end, 8):
            changed[place] = random.integers(0, 256)
        provenance.read(bytes(changed))
