"""Restore the faces of a photo into the portrait."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facecraft.cancellation import Cancellation
from facecraft.detection.facemesh import FaceMesh
from facecraft.imaging import geometry
from facecraft.imaging.mesh import Points
from facecraft.judging import measures
from facecraft.judging.rules import Drift
from facecraft.options import Options
from facecraft.pipeline.look import Scene
from facecraft.pipeline.plan import Plan
from facecraft.types import FaceCrop, Note, RGBImage

BISECTIONS = 6
"""Bisection steps: the strength is exact to 1/64."""
# The box of a face in FFHQ's square, in shares of the square's side.
SQUARE_BOX = np.array([0.22, 0.25, 0.78, 0.93], np.float32)


@dataclass(frozen=True, slots=True)
class Restoration:
    """The result of restoring the faces.

    Attributes:
        count: number of restored faces.
        drift: of the first restored face; None if it was not measured, or nothing was restored.
        notes: a note if a strength was lowered.
    """

    count: int = 0
    drift: Drift | None = None
    notes: tuple[Note, ...] = ()


def restore(
    scene: Scene, plan: Plan, canvas: RGBImage, mesh: FaceMesh, cancellation: Cancellation
) -> Restoration:
    """Restore the planned faces and paste them into the portrait, in place.

    Args:
        scene: has the photo; its timings get the stages align, restore, drift and paste.
        plan: has the faces, the restorer and the strength.
        canvas: (H, W, 3) uint8, the portrait; changed in place.
        mesh: measures how far a face has drifted.
        cancellation: checked before each face.

    Raises:
        DeadlineExceeded: it was cancelled.
    """
    restorer, options, timings = plan.recipe.restorer, plan.recipe.options, scene.timings
    if restorer is None or not plan.restored:
        return Restoration()
    with timings.stage("align"):
        crops = [geometry.crop(scene.picture.rgb, face.source) for face in plan.restored]
    with timings.stage("restore"):
        squares = restorer.restore(crops, [plan.fidelity] * len(crops), cancellation)
    strengths, drift = [options.strength] * len(crops), None
    if plan.recipe.judge or options.max_drift is not None:
        with timings.stage("drift"):
            measured = len(crops) if options.max_drift is not None else 1
            limited = [_limit(crops[index], squares[index], options, mesh) for index in range(measured)]
            strengths[:measured], drift = [strength for strength, _ in limited], limited[0][1]
    with timings.stage("paste"):
        for face, square, strength in zip(plan.restored, squares, strengths, strict=True):
            geometry.paste_back(canvas, square, face.portrait, strength)
    return Restoration(len(crops), drift, _notes(strengths, options))


def _limit(crop: FaceCrop, square: RGBImage, options: Options, mesh: FaceMesh) -> tuple[float, Drift]:
    """Find the highest strength with a drift within the limit. Return the strength and its drift."""
    limit, strength = options.max_drift, options.strength
    before = _points(crop.image, mesh)
    drift = _drift(crop.image, square, strength, before, mesh)
    if limit is None or drift.displacement <= limit:
        return strength, drift
    low, high, drift = 0.0, strength, Drift(0.0, measures.coarse_psnr(crop.image, crop.image))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        trial = _drift(crop.image, square, middle, before, mesh)
        if trial.displacement <= limit:
            low, drift = middle, trial
        else:
            high = middle
    return low, drift


def _drift(crop: RGBImage, square: RGBImage, strength: float, before: Points, mesh: FaceMesh) -> Drift:
    blend = np.asarray(cv2.addWeighted(square, strength, crop, 1 - strength, 0), np.uint8)
    return Drift(measures.displacement(before, _points(blend, mesh)), measures.coarse_psnr(crop, blend))


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
    scope = "" if len(lowered) == 1 else f" or more, on {len(lowered)} faces"
    strength = f"the strength was lowered to {min(lowered):.2f}{scope}"
    return (Note("strength_lowered", f"To keep the drift under {options.max_drift:g}, {strength}."),)
