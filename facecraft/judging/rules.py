"""The rules that a portrait is judged by.

Poses are those of ISO/IEC 39794-5 (roll within 8 degrees, yaw and pitch within 5) with room for what the mesh
scatters: its depth is coarse, and its neutral face nods by some degrees. The other limits were set on
pictures that pass and fail, see tests/judging/test_verdict.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.fit import KB
from facecraft.imaging.head import EYES_IN_HEAD, Head, head_of
from facecraft.imaging.mesh import Points
from facecraft.judging import measures
from facecraft.judging.measures import Look
from facecraft.matting.matte import Plane
from facecraft.types import RGBImage

Limits: TypeAlias = tuple[float | None, float | None]
"""Least and most; None for either, or both, where there is no limit."""


@dataclass(frozen=True)
class Drift:
    """What restoration did to a face.

    Attributes:
        moved: see measures.drift.
        psnr_db: see measures.coarse_psnr.
    """

    moved: float
    psnr_db: float


@dataclass(frozen=True)
class Evidence:
    """A picture that is judged.

    Attributes:
        image: (H, W, 3) uint8, RGB; transparency laid on white.
        faces: how many there are in it.
        points: of the largest face, in its pixels; None where there is none.
        person: (h, w) float32, 0 to 1, over the whole picture.
        source_eyes_px: distance of the eyes in the uploaded picture; None where there is no face.
        drift: None where there is no picture from before.
        retouched: whether anything but the frame changed the person.
        width: of the file, in pixels; a sheet's portrait is meant, not the paper.
        height: likewise.
        file_bytes: of the encoded picture; None for a sheet.
    """

    image: RGBImage
    faces: int
    points: Points | None
    person: Plane
    source_eyes_px: float | None
    drift: Drift | None
    retouched: bool
    width: int
    height: int
    file_bytes: int | None

    @cached_property
    def head(self) -> Head | None:
        return None if self.points is None else head_of(self.points)

    @cached_property
    def look(self) -> Look | None:
        return None if self.points is None else measures.look_at(self.image, self.points)

    @cached_property
    def behind(self) -> NDArray[np.float32] | None:
        return measures.background_lab(self.image, self.person)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        measure: None where there is nothing to measure.
        limits: where no preset says otherwise.
    """

    name: str
    unit: str
    limits: Limits
    detail: str
    measure: Callable[[Evidence], float | None]


def _of_head(measure: Callable[[Evidence, Head], float]) -> Callable[[Evidence], float | None]:
    return lambda s: None if s.head is None else measure(s, s.head)


def _of_points(measure: Callable[[Points], float]) -> Callable[[Evidence], float | None]:
    return lambda s: None if s.points is None else measure(s.points)


def _of_face(measure: Callable[[Look], float]) -> Callable[[Evidence], float | None]:
    return lambda s: None if s.look is None else measure(s.look)


def _crown_from_top(subject: Evidence, head: Head) -> float:
    crown = float(head.middle[1]) - head.height_px * (1 - EYES_IN_HEAD)
    return (crown + 0.5) / float(subject.image.shape[0])


RULES = (
    Rule("one_face", "", (1, 1), "faces in the picture", lambda s: float(s.faces)),
    Rule("width", "px", (None, None), "width of the picture", lambda s: float(s.width)),
    Rule("height", "px", (None, None), "height of the picture", lambda s: float(s.height)),
    Rule(
        "head_height",
        "share",
        (None, None),
        "chin to crown over the picture's height",
        _of_head(lambda s, head: head.height_px / s.image.shape[0]),
    ),
    Rule(
        "eye_line",
        "share",
        (None, None),
        "height of the eyes over the lower edge, over the picture's height",
        _of_head(lambda s, head: 1 - (float(head.middle[1]) + 0.5) / s.image.shape[0]),
    ),
    Rule(
        "top_margin",
        "share",
        (None, None),
        "room above the crown, over the picture's height",
        _of_head(_crown_from_top),
    ),
    Rule("roll", "deg", (-8, 8), "tilt of the eyes' line", _of_head(lambda _s, head: head.roll_deg)),
    Rule("yaw", "deg", (-10, 10), "head turned to a side", _of_points(measures.yaw_deg)),
    Rule("pitch", "deg", (-18, 12), "head nodding", _of_points(measures.pitch_deg)),
    Rule(
        "eyes_open",
        "ratio",
        (0.2, None),
        "height over width of the eye that is less open",
        _of_points(measures.eyes_open),
    ),
    Rule(
        "mouth_closed",
        "ratio",
        (None, 0.08),
        "gap between the lips over the mouth's width",
        _of_points(measures.mouth_open),
    ),
    Rule(
        "sharpness",
        "ratio",
        (0.03, None),
        "fine edges of the face over its contrast",
        _of_face(measures.sharpness),
    ),
    Rule("brightness", "L*", (20, 90), "mean lightness of the skin", _of_face(measures.lightness)),
    Rule(
        "exposure", "share", (None, 0.05), "skin without detail, black or white", _of_face(measures.clipped)
    ),
    Rule("shadows", "share", (None, 0.35), "difference of the face's two halves", _of_face(measures.shadow)),
    Rule(
        "background_even",
        "CIE76",
        (None, 6),
        "spread of the background's colours",
        lambda s: None if s.behind is None else measures.unevenness(s.behind),
    ),
    Rule(
        "source_resolution", "px", (60, None), "distance of the eyes in the photo", lambda s: s.source_eyes_px
    ),
    Rule(
        "drift",
        "eye distances",
        (None, 0.06),
        "how far restoration moved the face's points, on average",
        lambda s: None if s.drift is None else s.drift.moved,
    ),
    Rule(
        "likeness",
        "dB",
        (27, None),
        "PSNR of the restored face against the photo's, at 32 px",
        lambda s: None if s.drift is None else s.drift.psnr_db,
    ),
    Rule(
        "retouched",
        "",
        (None, None),
        "1 if restoration, enlarging, tone or a new background changed it",
        lambda s: float(s.retouched),
    ),
    Rule(
        "file_size",
        "kB",
        (None, None),
        "size of the file",
        lambda s: None if s.file_bytes is None else s.file_bytes / KB,
    ),
)
