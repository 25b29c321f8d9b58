"""A photo on its side goes on as if it had come upright."""

import numpy as np
import pytest

from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.portraits import Make


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("fields", [{}, {"preset": "badge"}, {"width": 200, "height": 300}], ids=str)
def test_the_portrait_is_the_one_of_the_upright_photo(
    make: Make, astronaut: RGBImage, turns: int, fields: dict[str, object]
) -> None:
    photo = astronaut[:, 40:480]
    lying, upright = make(np.rot90(photo, turns), **fields), make(photo, **fields)
    np.testing.assert_array_equal(lying.array, upright.array)
    assert (lying.source.width, lying.source.height) == (440, 512)
    assert lying.source.turned_deg == 90 * turns
    assert [note.code for note in lying.notes if note not in upright.notes] == ["turned"]
    assert f"turned by {90 * turns} degrees" in next(n.detail for n in lying.notes if n.code == "turned")


def test_transparency_is_turned_too(make: Make, astronaut: RGBImage) -> None:
    alpha = np.full((512, 512, 1), 255, np.uint8)
    alpha[:100] = 0
    made = make(np.rot90(np.concatenate((astronaut, alpha), axis=2)))
    assert (made.array[..., 3] == 0).sum() == 100 * 512
    assert not made.array[:100, :, 3].any()


def test_detect_and_check_tell_the_turn(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    photo = png(np.rot90(astronaut, 2))
    assert pipeline.detect(photo).findings()["source"]["turned_deg"] == 180
    check, upright = pipeline.check(photo, Options()), pipeline.check(png(astronaut), Options())
    assert check.source.turned_deg == 180
    rolls = [
        next(rule.value for rule in each.verdict.rules if rule.name == "roll") for each in (check, upright)
    ]
    assert rolls[0] == rolls[1]
    assert upright.source.turned_deg == 0
