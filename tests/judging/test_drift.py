"""How far restoration may change a face."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from facecraft.imaging.limits import Limits
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.restoration.batching import BatchingRestorer
from facecraft.types import FaceCrop, RGBImage, RuleResult
from tests.conftest import Encode
from tests.damages import noisy
from tests.portraits import by_name

LIMITS = Limits(upload_bytes=20_000_000, pixels=40_000_000, frames=1, scans=100)
Judge = Callable[..., dict[str, RuleResult]]


class Moves:
    """A restorer that moves a face down, and so makes it another one."""

    name = "moves"
    face_size_px = 512
    takes_fidelity = False

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels

    def input_side_px(self, source_px: float) -> int:
        return self.face_size_px

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        return [np.roll(crop.image, self._pixels, axis=0) for crop in crops]


@pytest.fixture(scope="module")
def moving(pipeline: Pipeline) -> Pipeline:
    restorer = BatchingRestorer(Moves(24), 1, 0)
    return Pipeline(replace(pipeline.models, restorers={"moves": restorer}), pipeline.presets, LIMITS)


def test_drift_is_how_far_restoration_moved_the_face(
    pipeline: Pipeline, moving: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    photo = png(noisy(astronaut, 8))
    cleaned = pipeline.process(photo, Options(), judge=True)
    assert cleaned.restored == 1
    kept = by_name(cleaned.verdict)
    moved = by_name(moving.process(photo, Options(restorer="moves"), judge=True).verdict)
    assert (kept["drift"].status, kept["likeness"].status) == ("pass", "pass")
    assert (moved["drift"].status, moved["likeness"].status) == ("fail", "fail")
    assert moved["drift"].value == pytest.approx(24 / 126, rel=0.1)  # FFHQ has the eyes 126 px apart


def test_a_face_without_noise_keeps_its_detail_and_so_its_place(
    moving: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    portrait = moving.process(png(astronaut), Options(restorer="moves"), judge=True)
    assert portrait.restored == 1
    rules = by_name(portrait.verdict)
    assert (rules["drift"].status, rules["likeness"].status) == ("pass", "pass")


@pytest.mark.parametrize("max_drift", [0.02, 0.1])
def test_over_max_drift_the_strength_is_lowered_until_it_holds_and_that_is_said(
    moving: Pipeline, astronaut: RGBImage, png: Encode, max_drift: float
) -> None:
    options = Options(restorer="moves", max_drift=max_drift)
    portrait = moving.process(png(noisy(astronaut, 8)), options, judge=True)
    rules = by_name(portrait.verdict)
    assert rules["drift"].value is not None
    assert rules["drift"].value <= max_drift
    assert [note.code for note in portrait.notes] == ["strength_lowered"]
    assert f"{max_drift:g}" in portrait.notes[0].detail


def test_within_max_drift_the_strength_stays(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    photo = png(noisy(astronaut, 8))
    free = pipeline.process(photo, Options())
    held = pipeline.process(photo, Options(max_drift=0.1))
    assert free.cleaned
    assert held.data == free.data
    assert held.notes == ()
