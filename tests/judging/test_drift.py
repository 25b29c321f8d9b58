"""How far restoration may change a face."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from facecraft.imaging import codec
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.restoration.batching import BatchingRestorer
from facecraft.types import FaceCrop, RGBImage, RuleResult
from tests.conftest import Encode
from tests.judging.test_verdict import by_name

LIMITS = codec.Limits(upload_bytes=20_000_000, pixels=40_000_000, frames=1, scans=100)
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
    kept = by_name(pipeline.process(png(astronaut), Options(), judge=True).verdict)
    moved = by_name(moving.process(png(astronaut), Options(), judge=True).verdict)
    assert (kept["drift"].status, kept["likeness"].status) == ("pass", "pass")
    assert (moved["drift"].status, moved["likeness"].status) == ("fail", "fail")
    assert moved["drift"].value == pytest.approx(24 / 126, rel=0.1)  # FFHQ has the eyes 126 px apart


@pytest.mark.parametrize("max_drift", [0.02, 0.1])
def test_over_max_drift_the_strength_is_lowered_until_it_holds_and_that_is_said(
    moving: Pipeline, astronaut: RGBImage, png: Encode, max_drift: float
) -> None:
    portrait = moving.process(png(astronaut), Options(max_drift=max_drift), judge=True)
    rules = by_name(portrait.verdict)
    assert rules["drift"].value is not None
    assert rules["drift"].value <= max_drift
    assert [note.code for note in portrait.notes] == ["strength_lowered"]
    assert f"{max_drift:g}" in portrait.notes[0].detail


def test_within_max_drift_the_strength_stays(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    free = pipeline.process(png(astronaut), Options())
    held = pipeline.process(png(astronaut), Options(max_drift=0.1))
    assert held.data == free.data
    assert held.notes == ()
