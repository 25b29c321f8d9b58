import io
from datetime import UTC, date, datetime

import cv2
import numpy as np
import pytest
from PIL import Image

from facecraft.errors import InvalidOption
from facecraft.imaging.geometry import invert, transform
from facecraft.imaging.head import EYES_IN_HEAD
from facecraft.imaging.picture import Picture
from facecraft.judging.measures import yaw_deg
from facecraft.options import Options
from facecraft.pipeline import framing
from facecraft.pipeline.look import Scene
from facecraft.pipeline.pipeline import Pipeline
from facecraft.pipeline.shot import Shot
from facecraft.pipeline.timings import Timings
from facecraft.presets import presets
from facecraft.presets.presets import Preset
from facecraft.types import RGBImage, Source
from tests.conftest import Encode
from tests.damages import noisy
from tests.portraits import Make, Trace, measured

PRESETS = presets.load()
ALL = list(PRESETS.values())
DOCUMENTS = [
    *("icao", "eu-passport", "us-passport", "uk-passport", "canada-passport", "india-passport"),
    *(
        "china-passport",
        "japan-passport",
        "australia-passport",
        "brazil-passport",
        "schengen-visa",
        "us-visa",
    ),
]
FRONTAL_DEG = 10


@pytest.fixture(scope="session")
def frontal(pipeline: Pipeline, astronaut: RGBImage, group: RGBImage) -> list[RGBImage]:
    """The astronaut, and each face of the group that looks into the camera, cut so that it is the largest."""
    pictures = [astronaut]
    for face in pipeline.models.detector.detect(group):
        points, _ = pipeline.models.mesh.trace(group, face.bbox, face.landmarks[:2])
        if abs(yaw_deg(points)) < FRONTAL_DEG:
            x1, y1, x2, y2 = face.bbox.astype(int)
            room = x2 - x1
            pictures.append(group[max(0, y1 - room) : y2 + room, max(0, x1 - room) : x2 + room].copy())
    assert len(pictures) == 3
    return pictures


@pytest.fixture(scope="session")
def spacious(astronaut: RGBImage) -> RGBImage:
    """The astronaut, with the wall above and at the sides continued."""
    return np.asarray(cv2.copyMakeBorder(astronaut, 200, 0, 200, 200, cv2.BORDER_REPLICATE), np.uint8)


@pytest.mark.parametrize("name", [*DOCUMENTS, "ad", "linkedin", "badge"])
def test_what_was_promised_is_there(name: str) -> None:
    assert name in PRESETS


@pytest.mark.parametrize("preset", ALL, ids=lambda preset: preset.name)
def test_every_rule_has_its_source_and_its_date(preset: Preset) -> None:
    assert preset.source.startswith("https://")
    assert date(2000, 1, 1) < preset.date <= datetime.now(UTC).date()
    assert preset.title


@pytest.mark.parametrize("preset", ALL, ids=lambda preset: preset.name)
def test_what_a_preset_asks_for_is_possible(preset: Preset) -> None:
    Options.model_validate(preset.options())
    if preset.eye_line is not None:
        head, eyes = sum(preset.head) / 2, sum(preset.eye_line) / 2
        assert eyes - EYES_IN_HEAD * head >= 0
        assert eyes + (1 - EYES_IN_HEAD) * head <= 1


@pytest.mark.parametrize("preset", ALL, ids=lambda preset: preset.name)
def test_with_room_or_filled_the_portrait_is_in_the_middle_of_the_ranges(
    make: Make, trace: Trace, frontal: list[RGBImage], preset: Preset
) -> None:
    for picture in frontal:
        portrait = make(picture, preset=preset.name, beyond="fill")
        head, eyes, roll_deg = measured(portrait, trace)
        assert (portrait.width, portrait.height) == (preset.width, preset.height)
        assert head == pytest.approx(sum(preset.head) / 2, rel=0.02)
        assert abs(roll_deg) < 1
        if preset.eye_line is not None:
            assert eyes == pytest.approx(sum(preset.eye_line) / 2, rel=0.02)
        if preset.top_margin is not None:
            above = sum(preset.top_margin) / 2
            assert 1 - eyes - head * (1 - EYES_IN_HEAD) == pytest.approx(above, abs=0.01)


@pytest.mark.parametrize("preset", ALL, ids=lambda preset: preset.name)
def test_the_verdict_finds_the_rule_kept_where_the_photo_has_room(
    make: Make, spacious: RGBImage, preset: Preset
) -> None:
    portrait = make(spacious, preset=preset.name)
    assert portrait.verdict is not None
    rules = {rule.name: rule.status for rule in portrait.verdict.rules}
    for name in ("width", "height", "eye_line", "top_margin", "file_size", "inside_photo"):
        assert rules[name] in ("pass", "unknown"), name
    assert rules["head_height"] == rules["roll"] == "pass"
    assert {"extended", "photo_tight"}.isdisjoint(note.code for note in portrait.notes)


@pytest.mark.parametrize("preset", ALL, ids=lambda preset: preset.name)
def test_a_photo_that_ends_below_the_chin_is_not_continued_there(
    pipeline: Pipeline, make: Make, astronaut: RGBImage, preset: Preset
) -> None:
    tight = np.ascontiguousarray(astronaut[:185, 100:360])
    scene = Scene(Shot(Picture(tight), Source(260, 185, "png", 1), pipeline.models, Timings()))
    options, _ = presets.apply(Options(preset=preset.name), PRESETS)
    _, part, lack = framing.place(options, preset, scene, painted=preset.replace_background)
    assert part is not None
    ends = np.array([[0, part.height - 1], [part.width - 1, part.height - 1]], np.float64)
    assert transform(ends, invert(part.matrix))[:, 1].max() <= 184.8
    portrait = make(tight, preset=preset.name)
    assert portrait.verdict is not None
    (inside,) = (rule for rule in portrait.verdict.rules if rule.name == "inside_photo")
    codes = [note.code for note in portrait.notes]
    if lack is None:  # only the wall above her may be continued
        assert inside.status != "fail" or "extended" in codes
    else:
        assert "photo_tight" in codes
        assert inside.status == ("fail" if preset.document else "unknown")


@pytest.mark.parametrize("preset", ALL, ids=lambda preset: preset.name)
def test_a_file_has_its_presets_format_and_fits(make: Make, astronaut: RGBImage, preset: Preset) -> None:
    portrait = make(astronaut, preset=preset.name)
    assert portrait.format == preset.format
    if preset.max_kb is not None:
        assert len(portrait.data) <= preset.max_kb * 1000


def test_an_option_that_is_given_overrides_the_presets(make: Make, astronaut: RGBImage) -> None:
    portrait = make(astronaut, preset="badge", width=200, height=300, format="png")
    assert (portrait.width, portrait.height, portrait.format) == (200, 300, "png")


def test_a_preset_that_forbids_retouching_restores_nothing_and_says_so(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    portrait = pipeline.process(png(noisy(astronaut, 15)), Options(preset="us-passport"))
    assert (portrait.restored, portrait.restorer) == (0, "none")
    assert [note.code for note in portrait.notes if note.code == "restoration_off"] == ["restoration_off"]


def test_a_restorer_that_is_named_runs_and_the_verdict_tells(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    options = Options(preset="us-passport", restorer="auto")
    portrait = pipeline.process(png(noisy(astronaut, 15)), options)
    assert portrait.restored == 1
    assert portrait.verdict is not None
    (rule,) = (rule for rule in portrait.verdict.rules if rule.name == "retouched")
    assert rule.status == "fail"


def test_an_unknown_preset_is_refused(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    with pytest.raises(InvalidOption, match="There is no preset 'passport'"):
        pipeline.process(png(astronaut), Options(preset="passport"))


def test_the_resolution_of_a_preset_stands_in_its_file(make: Make, astronaut: RGBImage) -> None:
    assert Image.open(io.BytesIO(make(astronaut, preset="us-passport").data)).info["dpi"] == (300, 300)
