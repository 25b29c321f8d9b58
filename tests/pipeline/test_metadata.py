"""What a portrait's file says of the photo: nothing, unless it is asked for."""

import io

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from facecraft.imaging import provenance
from facecraft.imaging.metadata import Metadata, Place
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.results import Portrait
from facecraft.types import RGBImage

TOLD = Metadata(taken="2020-05-06T10:11:12", author="Zoë", place=Place(48.5, 2.25))


@pytest.fixture(scope="module")
def photo(astronaut: RGBImage) -> bytes:
    """It lies on its side, as its EXIF says."""
    exif = Image.Exif()
    exif[Base.Orientation], exif[Base.Make], exif[Base.Artist] = 6, "SECRET", "Zoë".encode()
    exif[IFD.Exif] = {Base.DateTimeOriginal: "2020:05:06 10:11:12", Base.BodySerialNumber: "SECRET"}
    exif[IFD.GPSInfo] = {
        GPS.GPSLatitudeRef: "N",
        GPS.GPSLatitude: (48.0, 30.0, 0.0),
        GPS.GPSLongitudeRef: "E",
        GPS.GPSLongitude: (2.0, 15.0, 0.0),
    }
    buffer = io.BytesIO()
    Image.fromarray(astronaut).rotate(90).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def options(**fields: str) -> Options:
    return Options.parse({"restorer": "none", **fields})


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif"])
def test_by_default_and_if_it_is_false_nothing_passes(plain: Pipeline, photo: bytes, format_: str) -> None:
    left_out = plain.process(photo, options(format=format_))
    refused = plain.process(photo, options(format=format_, keep_metadata="false"))
    assert left_out.data == refused.data
    assert provenance.read(left_out.data).empty
    with Image.open(io.BytesIO(left_out.data)) as image:
        assert not image.getexif()
        assert "xmp" not in image.info


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif"])
def test_what_is_asked_for_is_kept_and_the_place_only_if_it_is_named(
    plain: Pipeline, photo: bytes, format_: str
) -> None:
    for value, right in {"true": TOLD.without_place, "gps": TOLD, "true,gps": TOLD}.items():
        portrait = plain.process(photo, options(format=format_, keep_metadata=value))
        assert provenance.read(portrait.data) == right
        assert b"SECRET" not in portrait.data
        with Image.open(io.BytesIO(portrait.data)) as image:
            assert image.size == (512, 512)
            assert Base.Orientation not in image.getexif()


def test_a_photo_that_says_nothing_gives_the_same_bytes(plain: Pipeline, astronaut: RGBImage) -> None:
    buffer = io.BytesIO()
    Image.fromarray(astronaut).save(buffer, "JPEG")
    kept = plain.process(buffer.getvalue(), options(keep_metadata="gps"))
    assert kept.data == plain.process(buffer.getvalue(), options()).data


def test_sheets_and_image_objects_keep_it_too(plain: Pipeline, photo: bytes) -> None:
    sheet = plain.process(photo, options(keep_metadata="true", layout="a6", width="300", height="400"))
    assert provenance.read(sheet.data) == TOLD.without_place
    with Image.open(io.BytesIO(photo)) as image:
        portrait = plain.process(image, options(keep_metadata="gps"))
    assert provenance.read(portrait.data) == TOLD


def test_the_limit_in_kb_counts_it(plain: Pipeline, photo: bytes) -> None:
    portrait = plain.process(photo, options(keep_metadata="true", max_kb="20"))
    assert len(portrait.data) <= 20_000
    assert provenance.read(portrait.data) == TOLD.without_place


def test_each_portrait_of_a_group_has_it(plain: Pipeline, group: RGBImage) -> None:
    exif = Image.Exif()
    exif[Base.Artist] = "Zoe"
    buffer = io.BytesIO()
    Image.fromarray(group).save(buffer, "JPEG", exif=exif)
    wanted = options(each="true", head="0.5", keep_metadata="true")
    results = [each.result for each in plain.process_each(buffer.getvalue(), wanted)]
    assert len(results) == 6
    for result in results:
        assert isinstance(result, Portrait)
        assert provenance.read(result.data).author == "Zoe"
