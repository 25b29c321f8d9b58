"""Stand-ins for networks, which change nothing, in a pipeline with the default detector."""

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from facecraft.bootstrap import Runtime
from facecraft.imaging import codec
from facecraft.pipeline.pipeline import Pipeline
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.upscaling import Upscaler
from facecraft.types import FaceCrop, RGBImage

GREY = np.full((64, 64, 3), 128, np.uint8)


LIMITS = codec.Limits(upload_bytes=20_000_000, pixels=40_000_000, frames=1, scans=100)


class Repeat:
    """An engine that repeats pixels."""

    name = "repeat"

    def __init__(self, factor: int) -> None:
        self._factor = factor

    def run(self, *inputs: np.ndarray) -> np.ndarray:
        return np.asarray(inputs[0].repeat(self._factor, axis=1).repeat(self._factor, axis=2))


class Unchanged:
    """A restorer that gives back what it was given."""

    face_size_px = 512

    def __init__(self, name: str, *, takes_fidelity: bool = False) -> None:
        self.name = name
        self.takes_fidelity = takes_fidelity

    def input_side_px(self, source_px: float) -> int:
        return self.face_size_px

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        return [crop.image for crop in crops]


@pytest.fixture(scope="module")
def plain(loaded: Runtime) -> Pipeline:
    """The default detector, with stand-ins that change nothing for the networks."""
    restorers = {
        name: BatchingRestorer(Unchanged(name, takes_fidelity=name == "codeformer"), 1, 0)
        for name in ("gfpgan-1.4", "codeformer")
    }
    upscalers = {2: Upscaler("repeat", Repeat(2), 2, 2), 4: Upscaler("repeat", Repeat(4), 4, 4)}
    return Pipeline(replace(loaded.pipeline.models, restorers=restorers, upscalers=upscalers), {}, LIMITS)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))
