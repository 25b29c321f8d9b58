"""Damaged files are refused, or their portraits say so."""

import io

import pytest
from PIL import Image

from facecraft.errors import UndecodableImage
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.portraits import by_name

FIELDS = {"restorer": "none", "damaged": "accept"}


def as_jpeg(rgb: RGBImage, **parameters: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=95, **parameters)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def cut(astronaut: RGBImage) -> bytes:
    """The face is there, and the lower part of the picture is not."""
    data = as_jpeg(astronaut)
    return data[: round(0.7 * len(data))]


def test_it_is_refused_with_the_share_that_is_there(pipeline: Pipeline, cut: bytes) -> None:
    for work in (
        lambda: pipeline.process(cut, Options()),
        lambda: pipeline.detect(cut),
        lambda: pipeline.check(cut, Options()),
    ):
        with pytest.raises(UndecodableImage, match=r"^The JPEG is damaged: [67]\d % of the photo"):
            work()


@pytest.mark.parametrize("preset", [None, "icao", "us-visa"])
def test_no_verdict_of_a_document_or_of_good_practice_passes(
    pipeline: Pipeline, cut: bytes, preset: str | None
) -> None:
    made = pipeline.process(cut, Options(preset=preset, **FIELDS), judge=True)
    rule = by_name(made.verdict)["photo_whole"]
    assert (rule.status, rule.least) == ("fail", 1)
    assert rule.value == pytest.approx(made.source.share, abs=1e-4)
    assert rule.advice is not None
    assert made.verdict is not None
    assert made.verdict.status == "fail"
    assert 0.6 < made.source.share < 0.8
    (note,) = [each for each in made.notes if each.code == "damaged"]
    assert note.detail.startswith("The file is damaged: ")


def test_a_badge_has_the_note_and_no_such_limit(pipeline: Pipeline, cut: bytes) -> None:
    made = pipeline.process(cut, Options(preset="badge", **FIELDS))
    assert by_name(made.verdict)["photo_whole"].least is None
    assert "damaged" in [each.code for each in made.notes]


@pytest.mark.parametrize("fields", [{}, {"damaged": "accept"}], ids=str)
def test_a_whole_file_passes_the_rule_and_has_no_note(
    pipeline: Pipeline, astronaut: RGBImage, fields: dict[str, str]
) -> None:
    made = pipeline.process(as_jpeg(astronaut), Options(restorer="none", **fields), judge=True)
    assert by_name(made.verdict)["photo_whole"].status == "pass"
    assert made.source.share == 1
    assert "damaged" not in [each.code for each in made.notes]


def test_each_portrait_of_a_damaged_group_says_so(pipeline: Pipeline, group: RGBImage) -> None:
    data = as_jpeg(group)
    options = Options(preset="badge", each=True, **FIELDS)
    made = list(pipeline.process_each(data[: round(0.9 * len(data))], options))
    codes = [[note.code for note in each.result.notes] for each in made if hasattr(each.result, "notes")]
    assert codes
    assert all("damaged" in each for each in codes)
