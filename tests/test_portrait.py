import pytest

from facecraft.errors import InvalidOption
from facecraft.options import ProcessOptions

ACCEPTED = [
    {"strength": "0"}, {"strength": "1"}, {"fidelity": "0"}, {"fidelity": "1"},
    {"quality": "1"}, {"quality": "100"}, {"faces": "all"}, {"faces": "largest"},
    {"require_face": "true"}, {"require_face": "false"}, {"format": "auto"}, {"format": "jpeg"},
    {"format": "png"}, {"format": "webp"}, {"format": "webp", "quality": "50"}, {"restorer": "none"},
]  # fmt: skip
REFUSED = [
    {"strength": "-0.01"}, {"strength": "1.01"}, {"strength": "nan"}, {"strength": "inf"}, {"strength": ""},
    {"fidelity": "-0.01"}, {"fidelity": "1.01"}, {"quality": "0"}, {"quality": "101"}, {"quality": "9.5"},
    {"faces": "some"}, {"require_face": "perhaps"}, {"format": "gif"}, {"format": "PNG"},
    {"format": "png", "quality": "50"}, {"colour": "red"},
]  # fmt: skip


@pytest.mark.parametrize("fields", ACCEPTED, ids=str)
def test_an_option_within_its_range_is_accepted(fields: dict[str, str]) -> None:
    ProcessOptions.parse(fields)


@pytest.mark.parametrize("fields", REFUSED, ids=str)
def test_an_option_outside_its_range_is_refused_by_name(fields: dict[str, str]) -> None:
    with pytest.raises(InvalidOption, match=next(reversed(fields))):
        ProcessOptions.parse(fields)


def test_an_unknown_option_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidOption, match="Did you mean strength"):
        ProcessOptions.parse({"strenght": "0.5"})
