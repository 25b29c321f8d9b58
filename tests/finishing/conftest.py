"""Portraits made by the default models, and what is measured on them again."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from facecraft.finishing.head import Head, head_of
from facecraft.imaging.mesh import Points
from facecraft.options import ProcessOptions
from facecraft.pipeline import Pipeline
from facecraft.portrait import Portrait, RGBImage
from tests.conftest import Encode

Make = Callable[..., Portrait]
Trace = Callable[[RGBImage], Points]


@pytest.fixture(scope="session")
def trace(pipeline: Pipeline) -> Trace:
    """The points of the largest face, from nothing but the picture."""

    def found(picture: RGBImage) -> Points:
        face = pipeline.models.detector.detect(picture)[0]
        points, _ = pipeline.models.mesh.trace(picture, face.bbox, face.landmarks[:2])
        return points

    return found


@pytest.fixture(scope="session")
def make(pipeline: Pipeline, png: Encode) -> Make:
    """A portrait of a picture, with options as a form gives them; restored only if that is asked for."""

    def made(picture: RGBImage, *, judge: bool = False, **fields: object) -> Portrait:
        options = {"restorer": "none", **{name: str(value).lower() for name, value in fields.items()}}
        return pipeline.process(png(picture), ProcessOptions.parse(options), judge=judge)

    return made


def pixels(portrait: Portrait) -> RGBImage:
    return np.asarray(Image.open(io.BytesIO(portrait.data)).convert("RGB"))


def rgba(portrait: Portrait) -> RGBImage:
    return np.asarray(Image.open(io.BytesIO(portrait.data)).convert("RGBA"))


def shares(head: Head, height: int) -> tuple[float, float]:
    """Height of the head and of the eyes' line, as shares of the portrait's height."""
    return head.height_px / height, 1 - (float(head.middle[1]) + 0.5) / height


def measured(portrait: Portrait, trace: Trace) -> tuple[float, float, float]:
    """Head, eyes' line and roll of a finished portrait, measured anew."""
    head = head_of(trace(pixels(portrait)))
    return (*shares(head, portrait.height), head.roll_deg)
