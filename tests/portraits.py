"""Portraits made by the default models, and what is measured on them again."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from facecraft.imaging.head import Head, head_of
from facecraft.imaging.mesh import Points
from facecraft.results import Portrait
from facecraft.types import RGBImage, RuleResult, Source, Verdict

Make = Callable[..., Portrait]
Trace = Callable[[RGBImage], Points]

BLANK = Portrait(
    data=b"",
    format="jpeg",
    source=Source(1, 1, "jpeg", 1),
    faces=(),
    restored=0,
    restorer="none",
    timings_ms={},
    width=1,
    height=1,
)
"""A portrait that no pipeline made, for `dataclasses.replace`."""


def pixels(portrait: Portrait) -> RGBImage:
    return np.asarray(Image.open(io.BytesIO(portrait.data)).convert("RGB"))


def by_name(verdict: Verdict | None) -> dict[str, RuleResult]:
    """The rules of a verdict."""
    assert verdict is not None
    return {rule.name: rule for rule in verdict.rules}


def rgba(portrait: Portrait) -> RGBImage:
    return np.asarray(Image.open(io.BytesIO(portrait.data)).convert("RGBA"))


def shares(head: Head, height: int) -> tuple[float, float]:
    """Height of the head and of the eyes' line, as shares of the portrait's height."""
    return head.height_px / height, 1 - (float(head.middle[1]) + 0.5) / height


def measured(portrait: Portrait, trace: Trace) -> tuple[float, float, float]:
    """Head, eyes' line and roll of a finished portrait, measured anew."""
    head = head_of(trace(pixels(portrait)))
    return (*shares(head, portrait.height), head.roll_deg)


def collage(astronaut: RGBImage, columns: int, rows: int) -> RGBImage:
    """A crowd: the astronaut's head again and again, 96 x 86 px each; a face's square spans 71 px."""
    head = Image.fromarray(astronaut[:210, 108:342]).resize((96, 86), Image.Resampling.BICUBIC)
    return np.tile(np.asarray(head), (rows, columns, 1))
