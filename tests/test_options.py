from typing import Any

import pytest

from facecraft.errors import InvalidOption
from facecraft.options import Options

ACCEPTED = [
    {"strength": "0"}, {"strength": "1"}, {"fidelity": "0"}, {"fidelity": "1"},
    {"quality": "1"}, {"quality": "100"}, {"faces": "all"}, {"faces": "largest"},
    {"faces": "1"}, {"faces": "1000"},
    {"require_face": "true"}, {"require_face": "false"}, {"format": "auto"}, {"format": "jpeg"},
    {"format": "png"}, {"format": "webp"}, {"format": "webp", "quality": "50"}, {"restorer": "none"},
    {"width": "64"}, {"width": "4096"}, {"height": "64"}, {"height": "4096"}, {"head": "0.05"},
    {"head": "0.95"}, {"margin": "0.05"}, {"margin": "4"}, {"align": "true"}, {"align": "false"},
    {"eye_line": "0.05"}, {"eye_line": "0.95"}, {"tone": "auto"}, {"tone": "off"}, {"mask": "oval"},
    {"mask": "circle", "feather": "0"}, {"mask": "rounded", "feather": "0.5"}, {"layout": "4x6in"},
    {"layout": "a4"}, {"max_kb": "1"}, {"max_kb": "100000"}, {"dpi": "36"}, {"dpi": "1200"},
    {"max_drift": "0.001"}, {"max_drift": "1"},
    {"keep_metadata": "true"}, {"keep_metadata": "false"}, {"keep_metadata": "gps"},
    {"keep_metadata": "true,gps"},
]  # fmt: skip
REFUSED = [
    {"strength": "-0.01"}, {"strength": "1.01"}, {"strength": "nan"}, {"strength": "inf"}, {"strength": ""},
    {"fidelity": "-0.01"}, {"fidelity": "1.01"}, {"quality": "0"}, {"quality": "101"}, {"quality": "9.5"},
    {"faces": "some"}, {"faces": "0"}, {"faces": "1001"}, {"faces": "-3"}, {"faces": "2.0"},
    {"faces": "true"}, {"require_face": "perhaps"}, {"format": "gif"}, {"format": "PNG"},
    {"format": "png", "quality": "50"}, {"colour": "red"},
    {"width": "63"}, {"width": "4097"}, {"height": "63"}, {"height": "99.5"}, {"head": "0.04"},
    {"head": "0.96"}, {"head": "nan"}, {"margin": "0"}, {"align": "maybe"}, {"eye_line": "0"},
    {"eye_line": "1"}, {"tone": "warm"}, {"mask": "star"}, {"feather": "0.1"},
    {"preset": "badge", "feather": "0.1"},
    {"mask": "oval", "feather": "0.51"}, {"layout": "A4"}, {"layout": "a3"}, {"max_kb": "0"},
    {"dpi": "35"}, {"dpi": "1201"}, {"max_drift": "0"}, {"max_drift": "1.1"}, {"head": "0.5", "margin": "1"},
    {"background": "x" * 101}, {"keep_metadata": "all"}, {"keep_metadata": "gps,true"},
]  # fmt: skip


@pytest.mark.parametrize("fields", ACCEPTED, ids=str)
def test_an_option_within_its_range_is_accepted(fields: dict[str, str]) -> None:
    Options.parse(fields)


@pytest.mark.parametrize("fields", REFUSED, ids=str)
def test_an_option_outside_its_range_is_refused_by_name(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidOption, match=next(reversed(fields))):
        Options.parse(fields)


def test_an_unknown_option_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidOption, match="Did you mean strength"):
        Options.parse({"strenght": "0.5"})


IMPOSSIBLE = [
    ({"head": 0.5, "margin": 0.1}, "head and margin exclude"),
    ({"format": "png", "quality": 5}, "quality has no meaning"),
    ({"feather": 0.1}, "feather has no meaning"),
    ({"restorer": "none", "strength": 0.3}, "strength has no meaning"),
    ({"background": "transparent", "format": "jpeg"}, "JPEG cannot be transparent"),
    ({"background": "whit"}, "not a colour"),
    ({"strength": 7}, "strength is wrong"),
    ({"strenght": 1}, "Did you mean strength"),
]


@pytest.mark.parametrize(("options", "message"), IMPOSSIBLE, ids=str)
def test_options_that_http_refuses_cannot_be_built(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        Options(**options)
    with pytest.raises(InvalidOption, match=message):
        Options.parse({name: str(value) for name, value in options.items()})


def test_an_unknown_name_is_refused_before_a_wrong_value() -> None:
    with pytest.raises(InvalidOption, match="There is no option 'nope'"):
        Options.parse({"background": "whit", "strength": "7", "nope": "1"})
    with pytest.raises(InvalidOption, match="strength is wrong"):
        Options.parse({"background": "whit", "strength": "7"})


def test_a_number_of_faces_is_a_number_however_it_is_given() -> None:
    assert Options.parse({"faces": "3"}) == Options(faces=3)
    with pytest.raises(InvalidOption, match="faces is wrong: Input should be 'all' or 'largest', or Input"):
        Options(faces=True)
