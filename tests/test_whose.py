"""What the option `face` takes."""

import pytest

from facecraft.errors import InvalidOption
from facecraft.options import Options


@pytest.mark.parametrize(
    ("given", "face"),
    [
        ("largest", "largest"),
        ("center", "center"),
        ("1", 1),
        (1000, 1000),
        ("640,360", (640, 360)),
        ("0, 99999", (0, 99999)),
        ((3, 4), (3, 4)),
        ([3, 4], (3, 4)),
    ],
)
def test_a_word_a_number_or_a_place(given: object, face: object) -> None:
    assert Options.model_validate({"face": given}).face == face


@pytest.mark.parametrize(
    "given",
    [
        *(
            "",
            "smallest",
            "0",
            "1001",
            "-1",
            "1.5",
            "1,",
            ",1",
            "1,2,3",
            "-1,2",
            "1;2",
            "100000,1",
            "\N{SUPERSCRIPT ONE}",
            "\N{ARABIC-INDIC DIGIT ONE},1",
        ),
        *(0, 1001, 1.5, True, None, (1,), (1, 2, 3), (-1, 2), (1, 100_000), ("a", "b"), (1.5, 2), {}),
    ],
)
def test_nothing_else(given: object) -> None:
    with pytest.raises(InvalidOption, match="The option face is wrong: give largest, center, a number"):
        Options.model_validate({"face": given})


def test_largest_is_the_default() -> None:
    assert Options().face == "largest"
