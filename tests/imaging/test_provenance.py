"""What a photo's file says is read, whoever wrote it, and nothing else is kept."""

import io
import struct
from dataclasses import replace

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.PngImagePlugin import PngInfo

from facecraft.imaging import codec, fit, provenance, xmp
from facecraft.imaging.fit import Target
from facecraft.imaging.formats import sniff
from facecraft.imaging.metadata import LONGEST, Metadata, Place
from facecraft.imaging.picture import Picture
from tests.imaging.files import chunk, quadrants, saved
from tests.imaging.test_xmp import OF_PACKET, PACKET

PICTURE = Picture(np.full((64, 48, 3), 90, np.uint8))
TITLE, AUTHOR, RIGHTS = 'Ännä & "co" <1923>', "Zoë Müller; 山田", "© 2020 Museum"
TOLD = Metadata(
    taken="2020-05-06T10:11:12+02:00",
    digitised="2021-02-03T04:05:06",
    title=TITLE,
    author=AUTHOR,
    copyright=RIGHTS,
    place=Place(-48.8583701, 2.294481, 35.5),
)
SECRETS = ("SECRET-CAMERA", "SECRET-SERIAL", "SECRET-OWNER", "SECRET-LENS")


def exif_of_a_camera() -> Image.Exif:
    """All that is kept, the turn of the camera held upright, and what must never pass."""
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    exif[Base.Make], exif[Base.Software] = SECRETS[0], SECRETS[0]
    exif[Base.ImageDescription], exif[Base.Artist] = TITLE.encode(), AUTHOR.encode()
    exif[Base.Copyright], exif[Base.DateTime] = RIGHTS.encode(), "2022:01:01 00:00:00"
    exif[IFD.Exif] = {
        Base.DateTimeOriginal: "2020:05:06 10:11:12",
        Base.OffsetTimeOriginal: "+02:00",
        0x9004: "2021:02:03 04:05:06",
        Base.BodySerialNumber: SECRETS[1],
        Base.CameraOwnerName: SECRETS[2],
        Base.LensModel: SECRETS[3],
        Base.MakerNote: SECRETS[1].encode(),
    }
    exif[IFD.GPSInfo] = {
        GPS.GPSLatitudeRef: "S",
        GPS.GPSLatitude: (48.0, 51.0, 30.1323600),
        GPS.GPSLongitudeRef: "E",
        GPS.GPSLongitude: (2.0, 17.0, 40.1316),
        GPS.GPSAltitudeRef: b"\0",
        GPS.GPSAltitude: 35.5,
        GPS.GPSImgDirection: 12.0,
    }
    return exif


def iptc_resource(*fields: tuple[int, bytes]) -> bytes:
    """The segment APP13 of a JPEG with records of IPTC."""
    records = b"".join(b"\x1c\x02" + struct.pack(">BH", number, len(text)) + text for number, text in fields)
    records += b"\0" * (len(records) % 2)
    body = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def with_segment(jpeg: bytes, segment: bytes) -> bytes:
    return jpeg[:2] + segment + jpeg[2:]


def strangers_jpeg(**parameters: object) -> bytes:
    return saved(quadrants(), "JPEG", **parameters)


IPTC = iptc_resource(
    (5, b"Board"), (55, b"19230500"), (60, b"101112+0100"), (80, b"Anna"), (80, b"Max"), (116, b"Mus\xe9e")
)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_exif_is_read(name: str) -> None:
    data = saved(quadrants(), name, exif=exif_of_a_camera())
    assert provenance.read(data) == TOLD
    with Image.open(io.BytesIO(data)) as image:
        assert provenance.read(image) == TOLD


def test_exif_of_files_is_read_that_are_measured_before_they_are_opened() -> None:
    exif, buffer = exif_of_a_camera(), io.BytesIO()
    pillow_heif.from_pillow(quadrants()).save(buffer, exif=exif.tobytes(), quality=90)
    assert provenance.read(buffer.getvalue()) == TOLD
    del exif[Base.Orientation]  # or Pillow writes the texts anew, in ASCII
    assert provenance.read(saved(quadrants(), "AVIF", exif=exif.tobytes())) == TOLD
    told = provenance.read(saved(quadrants(), "TIFF", exif=exif.tobytes()))  # in ASCII too
    assert (told.taken, told.digitised, told.place) == (TOLD.taken, TOLD.digitised, TOLD.place)


@pytest.mark.parametrize("name", ["JPEG", "WEBP"])
def test_xmp_is_read(name: str) -> None:
    assert provenance.read(saved(quadrants(), name, xmp=PACKET)) == OF_PACKET


def test_iptc_is_read() -> None:
    told = Metadata(taken="1923-05", title="Board", author="Anna; Max", copyright="Musée")
    assert provenance.read(with_segment(strangers_jpeg(), IPTC)) == told
    whole = iptc_resource((55, b"19230504"), (60, b"101112+0100"))
    assert provenance.read(with_segment(strangers_jpeg(), whole)).taken == "1923-05-04T10:11:12+01:00"
    nonsense = iptc_resource((55, b"19230504"), (60, b"noon"), (5, b""))
    assert provenance.read(with_segment(strangers_jpeg(), nonsense)) == Metadata(taken="1923-05-04")


@pytest.mark.parametrize("name", ["AVIF", "HEIF"])
def test_metadata_are_read_without_decoding_the_pixels_again(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_data: bytes) -> Image.Image:
        raise AssertionError("decoded")

    exif, buffer = exif_of_a_camera(), io.BytesIO()
    del exif[Base.Orientation]
    pillow_heif.from_pillow(quadrants()).save(buffer, exif=exif.tobytes(), quality=90)
    data = buffer.getvalue() if name == "HEIF" else saved(quadrants(), name, exif=exif.tobytes())
    format_, reader = sniff(data)
    monkeypatch.setattr(provenance, "sniff", lambda _data: (format_, replace(reader, open=fail)))
    assert provenance.read(data) == TOLD


@pytest.mark.parametrize("packed", [False, True])
def test_the_texts_of_a_png_are_read(packed: bool) -> None:
    info = PngInfo()
    for keyword, text in {
        "Title": "Zoë",
        "Author": "山田",
        "Copyright": "mine",
        "Creation Time": "Wed, 06 May 2020 10:11:12 +0200",
        "Comment": "SECRET",
    }.items():
        info.add_text(keyword, text, zip=packed)
    told = Metadata(taken="2020-05-06T10:11:12+02:00", title="Zoë", author="山田", copyright="mine")
    assert provenance.read(saved(quadrants(), "PNG", pnginfo=info)) == told
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", PACKET, zip=packed)
    info.add_text("Creation Time", "long ago")
    assert provenance.read(saved(quadrants(), "PNG", pnginfo=info)) == OF_PACKET


def test_what_stands_behind_the_pixels_of_a_png_is_read() -> None:
    data = saved(quadrants(), "PNG")
    exif = exif_of_a_camera().tobytes().removeprefix(b"Exif\0\0")
    assert provenance.read(data[:-12] + chunk(b"eXIf", exif) + data[-12:]) == TOLD


def test_texts_are_those_of_xmp_then_iptc_then_exif_and_dates_and_places_those_of_exif_first() -> None:
    all_three = with_segment(strangers_jpeg(exif=exif_of_a_camera(), xmp=PACKET), IPTC)
    told = provenance.read(all_three)
    assert (told.title, told.author, told.copyright) == ("Ann", "Zoë; Max", "plain")
    assert (told.taken, told.digitised, told.changed) == (TOLD.taken, TOLD.digitised, None)
    two = with_segment(strangers_jpeg(exif=exif_of_a_camera()), IPTC)
    assert provenance.read(two).title == "Board"


def test_the_last_change_counts_where_there_is_no_other_date() -> None:
    exif = Image.Exif()
    exif[Base.DateTime] = "2022:01:02 03:04:05"
    told = Metadata(changed="2022-01-02T03:04:05")
    assert provenance.read(strangers_jpeg(exif=exif)) == told
    assert provenance.read(codec.encode(PICTURE, "jpeg", metadata=told)) == told


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif"])
@pytest.mark.parametrize("dpi", [None, 300])
def test_what_is_written_is_what_is_read_again(format_: str, dpi: int | None) -> None:
    for told in (
        TOLD,
        OF_PACKET,
        TOLD.without_place,
        Metadata(title="a"),
        Metadata(taken="1923-05"),
        Metadata(place=Place(1.5, -2.5, -3)),
    ):
        data = codec.encode(PICTURE, format_, None, dpi, told)
        assert provenance.read(data) == told
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            if format_ not in {"webp", "avif"} and dpi is not None:
                assert [round(each) for each in image.info["dpi"]] == [300, 300]
            exif = image.getexif()
            assert exif.get(Base.XResolution) == dpi
            assert Base.Orientation not in exif


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif"])
def test_each_of_exif_and_xmp_says_it(format_: str) -> None:
    with Image.open(io.BytesIO(codec.encode(PICTURE, format_, metadata=TOLD))) as image:
        image.load()
        assert xmp.read(image.info["xmp"]) == TOLD
        exif = image.getexif()
        assert exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] == "2020:05:06 10:11:12"
        assert exif[Base.ImageDescription].encode("latin-1").decode() == TITLE
        assert exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef] == "S"


def test_nothing_but_what_is_kept_is_written() -> None:
    data = strangers_jpeg(exif=exif_of_a_camera(), xmp=PACKET, comment=b"SECRET-COMMENT")
    for format_ in ("jpeg", "png", "webp", "avif"):
        assert b"SECRET" not in codec.encode(PICTURE, format_, metadata=provenance.read(data))


def test_the_limit_of_a_file_counts_its_metadata() -> None:
    long = Metadata(title="x" * LONGEST, author="y" * LONGEST, copyright="z" * LONGEST)
    random = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    for format_ in ("jpeg", "png", "webp", "avif"):
        file = fit.encode(Picture(random), Target(format_, max_kb=12, metadata=long))
        assert len(file.data) <= 12_000
        assert provenance.read(file.data) == long
