"""The faces of a picture, restored into a canvas."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facecraft.cancellation import Cancellation
from facecraft.detection.facemesh import FaceMesh
from facecraft.imaging import geometry
from facecraft.imaging.geometry import Affine
from facecraft.imaging.mesh import Points
from facecraft.judging import measures
from facecraft.judging.rules import Drift
from facecraft.options import Options
from facecraft.pipeline.timings import Timings
from facecraft.restoration.batching import BatchingRestorer
from facecraft.types import Face, FaceCrop, Note, RGBImage

DEFAULT_FIDELITY = 0.5
STEPS = 6
"""Of the bisection of a strength: to a sixty-fourth."""
# Where a face's box lies in FFHQ's square, in shares of its side.
SQUARE_BOX = np.array([0.22, 0.25, 0.78, 0.93], np.float32)


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of the faces.

    Attributes:
        count: how many were restored.
        drift: of the first of them; None where it was not asked for, or nothing was restored.
        notes: where a strength had to be lowered.
    """

    count: int = 0
    drift: Drift | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """How the faces of one picture are restored.

    Attributes:
        matrix: source pixels to the canvas's.
        measured: whether the drift of the first face is to be known.
    """

    restorer: BatchingRestorer
    options: Options
    mesh: FaceMesh
    matrix: Affine
    measured: bool
    cancellation: Cancellation


def restore(rgb: RGBImage, canvas: RGBImage, faces: Sequence[Face], work: Work, timings: Timings) -> Restored:
    """Restore those faces of a picture that the canvas shows, and paste them there, in place.

    Args:
        rgb: the source.
        canvas: the source moved by `work.matrix`, drawn on.
        faces: in source pixels, the portrait's first.
        work: how.
        timings: gets the stages align, restore, drift and paste.
    """
    restorer, options = work.restorer, work.options
    with timings.stage("align"):
        placed = [(face, geometry.align(face, restorer.face_size_px)) for face in faces]
        moved = [alignment.moved(work.matrix) for _, alignment in placed]
        shown = [index for index, each in enumerate(moved) if each.reaches(canvas.shape[1], canvas.shape[0])]
        crops = [geometry.crop(rgb, placed[index][1]) for index in shown]
    if not shown:
        return Restored()
    with timings.stage("restore"):
        fidelity = DEFAULT_FIDELITY if options.fidelity is None else options.fidelity
        squares = restorer.restore(crops, [fidelity] * len(crops), work.cancellation)
    strengths, drift = [options.strength] * len(shown), None
    if work.measured or options.max_drift is not None:
        with timings.stage("drift"):
            limited = len(shown) if options.max_drift is not None else 1
            held = [_held(crops[index], squares[index], work) for index in range(limited)]
            strengths[:limited], drift = [strength for strength, _ in held], held[0][1]
    with timings.stage("paste"):
        for index, square, strength in zip(shown, squares, strengths, strict=True):
            geometry.paste_back(canvas, square, moved[index], strength)
    return Restored(len(shown), drift, _notes(strengths, options))


def _held(crop: FaceCrop, square: RGBImage, work: Work) -> tuple[float, Drift]:
    """The highest strength whose drift is within the limit, and that drift."""
    limit, strength = work.options.max_drift, work.options.strength
    before = _points(crop.image, work.mesh)
    drift = _drift(crop.image, square, strength, before, work.mesh)
    if limit is None or drift.moved <= limit:
        return strength, drift
    low, high, drift = 0.0, strength, Drift(0.0, measures.coarse_psnr(crop.image, crop.image))
    for _ in range(STEPS):
        middle = (low + high) / 2
        tried = _drift(crop.image, square, middle, before, work.mesh)
        if tried.moved <= limit:
            low, drift = middle, tried
        else:
            high = middle
    return low, drift


def _drift(crop: RGBImage, square: RGBImage, strength: float, before: Points, mesh: FaceMesh) -> Drift:
    blend = np.asarray(cv2.addWeighted(square, strength, crop, 1 - strength, 0), np.uint8)
    return Drift(measures.drift(before, _points(blend, mesh)), measures.coarse_psnr(crop, blend))


def _points(square: RGBImage, mesh: FaceMesh) -> Points:
    """The points of an aligned face."""
    side = square.shape[0]
    eyes = geometry.TEMPLATE[:2] * np.float32(side / geometry.TEMPLATE_PX)
    points, _ = mesh.trace(square, SQUARE_BOX * np.float32(side), eyes)
    return points


def _notes(strengths: Sequence[float], options: Options) -> tuple[Note, ...]:
    lowered = [strength for strength in strengths if strength < options.strength]
    if not lowered:
        return ()
    many = "" if len(lowered) == 1 else f" at the least, on {len(lowered)} faces"
    strength = f"the strength was lowered to {min(lowered):.2f}{many}"
    detail = f"To keep the drift under {options.max_drift:g}, {strength}."
    return (Note("strength_lowered", detail),)
