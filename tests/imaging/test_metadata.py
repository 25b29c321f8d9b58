import math

import pytest

from facecraft.imaging.metadata import LONGEST, Metadata, Place, clean, decode_text, iso_date

DATES = [
    ("2020:05:06 10:11:12", "2020-05-06T10:11:12"),
    ("2020:05:06 10:11:12.345+02:00", "2020-05-06T10:11:12+02:00"),
    ("2020-05-06T10:11Z", "2020-05-06T10:11:00+00:00"),
    ("2020-05-06T10:11:12-0330", "2020-05-06T10:11:12-03:30"),
    ("2020-05-06T00:00:00", "2020-05-06T00:00:00"),
    ("1923", "1923"),
    ("1923-05", "1923-05"),
    ("1923:05:06", "1923-05-06"),
    ("1923:05:  10:11:12", None),
    ("1923:  :     :  :  ", "1923"),
    ("1923:05:00 00:00:00", "1923-05"),
    ("1923-00-00", "1923"),
    ("0000:00:00 00:00:00", None),
    ("    :  :     :  :  ", None),
    ("2020:13:01 00:00:00", None),
    ("2020:02:30 00:00:00", None),
    ("2020:02:03 25:00:00", None),
    ("2020-05-06T10:11:12+99:00", "2020-05-06T10:11:12"),
    ("\u0662\u0660\u0662\u0660-05-06", None),
    ("yesterday", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "iso"), DATES, ids=[row[0] for row in DATES])
def test_a_date_is_taken_as_far_as_it_is_known(text: str, iso: str | None) -> None:
    assert iso_date(text) == iso


def test_an_offset_may_stand_elsewhere() -> None:
    assert iso_date("2020:05:06 10:11:12", "+02:00\0") == "2020-05-06T10:11:12+02:00"
    assert iso_date("2020-05-06T10:11:12Z", "+02:00") == "2020-05-06T10:11:12+00:00"
    assert iso_date("2020:05:06", "+02:00") == "2020-05-06"
    assert iso_date("2020:05:06 10:11:12", "noon") == "2020-05-06T10:11:12"


def test_a_text_becomes_one_line_of_characters_that_are_seen() -> None:
    assert clean(" a\0b\r\n\tc\x1b[31m \u202eevil\u2066 \ufeff\ue000\ud800") == "a b c [31m evil"
    assert clean("क्\u200dष 👩\u200d🔬") == "क्\u200dष 👩\u200d🔬"
    assert clean("\0 \n") is None
    assert clean("x" * LONGEST) == "x" * LONGEST
    assert clean("x" * 10_000_000) == "x" * LONGEST


def test_text_without_a_code_is_utf_8_or_latin_1() -> None:
    assert decode_text("Zoë".encode()) == decode_text("Zoë".encode("latin-1")) == "Zoë"
    assert decode_text("ë".encode() * 10_000) == "ë" * LONGEST
    assert decode_text(b"x" + "ë".encode() * 10_000) == "x" + "ë" * (LONGEST - 1)


def test_a_place_is_on_earth() -> None:
    assert Place.of(90, -180, 8848.86) == Place(90, -180, 8848.86)
    assert Place.of(0, 0, math.nan) == Place.of(0, 0, 1e9) == Place(0, 0)
    for latitude, longitude in ((90.1, 0), (0, -180.1), (math.nan, 0), (0, math.inf)):
        assert Place.of(latitude, longitude, None) is None


def test_what_is_missing_is_filled_in() -> None:
    first, second = Metadata(title="a"), Metadata(title="b", author="c")
    assert first.filled(second) == Metadata(title="a", author="c")
    assert Metadata().empty
    assert not first.empty
    assert Metadata(title="a", place=Place(1, 2)).without_place == first
