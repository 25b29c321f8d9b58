"""Stand-ins for networks, which change nothing, and what tests of restoration have in common."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from facecraft.bootstrap import Runtime
from facecraft.imaging import geometry
from facecraft.imaging.limits import Limits
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.pipeline.treatment import HEAD_SHARE
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.upscaling import Upscaler
from facecraft.results import Portrait
from facecraft.types import FaceCrop, RGBImage
from tests.conftest import Encode
from tests.damages import noisy

CLEAN = "facecraft-clean"
X4PLUS = "realesrgan-x4plus"
NOT_NEEDED = ["restoration_not_needed"]
GREY = np.full((64, 64, 3), 128, np.uint8)


Run = Callable[..., Portrait]
LIMITS = Limits(upload_bytes=20_000_000, pixels=40_000_000, frames=1, scans=100)


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


def codes(portrait: Portrait) -> list[str]:
    return [note.code for note in portrait.notes]


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def distance(picture: RGBImage, reference: RGBImage) -> float:
    return float(np.abs(picture.astype(int) - reference).mean())


def squares(portrait: Portrait) -> list[geometry.Alignment]:
    return [geometry.align(face, 512) for face in portrait.faces]


def reached_by_head(portrait: Portrait, shape: tuple[int, ...]) -> np.ndarray:
    """Where the boxes of the heads reach."""
    reached = np.zeros(shape[:2], bool)
    for square in squares(portrait):
        middle = geometry.transform(np.full((1, 2), 255.5), geometry.invert(square.to_crop))[0]
        half = HEAD_SHARE * square.source_px / 2 + 1
        x1, y1 = np.maximum(0, np.floor(middle - half)).astype(int)
        x2, y2 = np.ceil(middle + half).astype(int)
        reached[y1:y2, x1:x2] = True
    return reached


def reached_by_face(portrait: Portrait, shape: tuple[int, ...]) -> np.ndarray:
    """Where the faces' squares reach."""
    reached = np.zeros(shape[:2], bool)
    for square in squares(portrait):
        ones = np.ones((512, 512), np.float32)
        reached |= cv2.warpAffine(ones, geometry.invert(square.to_crop), shape[1::-1]) > 0
    return reached


@pytest.fixture
def run(pipeline: Pipeline, png: Encode) -> Run:
    """A portrait of a picture, by options as a form has them."""

    def made(
        picture: RGBImage, used: Pipeline = pipeline, *, judge: bool = False, **fields: object
    ) -> Portrait:
        options = Options.parse({name: str(value).lower() for name, value in fields.items()})
        return used.process(png(picture), options, judge=judge)

    return made


@pytest.fixture(scope="module")
def damaged(astronaut: RGBImage) -> RGBImage:
    return noisy(astronaut, 15)
