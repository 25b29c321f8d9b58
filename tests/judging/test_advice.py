"""What to do about each rule that fails."""

import numpy as np
import pytest

from facecraft.judging.advice import ADVICE
from facecraft.judging.rules import RULES
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.presets import presets
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.judging.test_verdict import Judge
from tests.portraits import Make, by_name


@pytest.fixture(scope="module")
def judge(pipeline: Pipeline, png: Encode) -> Judge:
    return lambda picture, preset=None: by_name(pipeline.check(png(picture), Options(preset=preset)).verdict)


def test_a_rule_that_fails_says_what_to_do(judge: Judge, astronaut: RGBImage) -> None:
    rules = judge(np.asarray(astronaut * 0.15, np.uint8))
    assert rules["brightness"].advice == "Put more light on the face."
    assert all((rule.advice is not None) == (rule.status == "fail") for rule in rules.values())


def test_the_advice_tells_too_small_from_too_large(judge: Judge, astronaut: RGBImage) -> None:
    far, near = (judge(cut, "us-passport")["head_height"] for cut in (astronaut, astronaut[40:220, 140:300]))
    assert far.advice == "Step closer, or cut more off: the head is too small in the picture."
    assert near.advice == "Step back, or cut less off: the head is too large in the picture."


def test_a_photo_that_ends_too_soon_is_told_where(make: Make, astronaut: RGBImage) -> None:
    tight = by_name(make(astronaut[:200, 90:360], preset="us-passport").verdict)["inside_photo"]
    assert (tight.status, tight.advice) == ("fail", "Step back: the photo ends below the chin.")


def test_there_is_advice_for_every_limit() -> None:
    limits = [(rule.name, rule.bounds) for rule in RULES]
    limits += [limit for preset in presets.load().values() for limit in preset.bounds().items()]
    limits += [("background_colour", (None, 15))]
    for name, (least, most) in limits:
        below, above = ADVICE[name]
        assert least is None or below, name
        assert most is None or above, name
    texts = [text for pair in ADVICE.values() for text in pair if text is not None]
    assert all(text[0].isupper() and text.endswith(".") for text in texts)
    assert set(ADVICE) == {rule.name for rule in RULES} | {"background_colour"}
