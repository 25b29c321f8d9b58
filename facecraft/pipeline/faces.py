"""Restore the faces of a photo into the portrait."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from facecraft.cancellation import Cancellation
from facecraft.detection.facemesh import FaceMesh
from facecraft.imaging import geometry
from facecraft.judging.evidence import Drift
from facecraft.options import Options
from facecraft.pipeline import drift
from facecraft.pipeline.cleaning import View
from facecraft.pipeline.drift import Restored
from facecraft.pipeline.look import Scene
from facecraft.pipeline.plan import Plan
from facecraft.pipeline.treatment import FacePlan
from facecraft.restoration import likeness
from facecraft.types import FaceCrop, Note, RGBImage


@dataclass(frozen=True, slots=True)
class RestoredFaces:
    """The result of restoring the faces.

    Attributes:
        strengths: with which they were restored, in the plan's order.
        drift: of the portrait's face; None if it was not measured or not restored.
    """

    strengths: tuple[float, ...] = ()
    drift: Drift | None = None


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where faces are taken from, and where they go.

    Attributes:
        view: the photo, cleaned or not.
        rgb: (H, W, 3) uint8, the portrait; changed in place.
    """

    view: View
    rgb: RGBImage


def restore(
    scene: Scene, plan: Plan, canvas: Canvas, mesh: FaceMesh, cancellation: Cancellation
) -> RestoredFaces:
    """Restore the planned faces and paste them into the portrait, in place.

    Args:
        scene: has the photo; its timings get the stages align, restore, drift and paste.
        plan: has the faces, the restorer and the strength.
        canvas: the portrait.
        mesh: measures how far a face has drifted.
        cancellation: checked before each face.

    Raises:
        DeadlineExceeded: it was cancelled.
    """
    planned, timings, options = plan.treatment, scene.timings, plan.recipe.options
    if planned.restorer is None:
        return RestoredFaces()
    view = canvas.view
    with timings.stage("align"):
        crops = [_crop(view, face) for face in planned.faces]
    with timings.stage("restore"):
        squares = planned.restorer.restore(crops, [plan.fidelity] * len(crops), cancellation)
        for index, face in enumerate(planned.faces):
            squares[index] = _faithful(crops[index].image, squares[index], face, grey=scene.grey)
    strengths, moved = [options.strength] * len(crops), None
    if plan.recipe.judge or options.max_drift is not None:
        with timings.stage("drift"):
            for index, face in enumerate(planned.faces):
                if options.max_drift is None and not face.own:
                    continue
                cancellation.check()
                photo = geometry.crop(scene.picture.rgb, face.source).image
                restored = Restored(photo, crops[index].image, squares[index])
                strengths[index], found = drift.limit(restored, options.strength, options.max_drift, mesh)
                moved = found if face.own else moved
    with timings.stage("paste"):
        for face, square, strength in zip(planned.faces, squares, strengths, strict=True):
            geometry.paste_back(canvas.rgb, square, face.portrait, strength)
    return RestoredFaces(tuple(strengths), moved)


def _crop(view: View, face: FacePlan) -> FaceCrop:
    """Cut out a face. N cycles a side of real detail need 2 * N pixels."""
    crop = geometry.crop(view.picture.rgb, face.source.transformed(view.from_photo))
    return replace(crop, source_px=min(crop.source_px, 2 * face.detail))


def _faithful(source: RGBImage, square: RGBImage, face: FacePlan, *, grey: bool) -> RGBImage:
    """Keep what the source has: its colours, or their absence, and its detail where it has little noise."""
    result = likeness.keep_detail(source, square, face.detail) if face.clean else square.copy()
    likeness.keep_colour(source, result, source.shape[0])
    if grey:
        likeness.make_grey(result)
    return result


def lowered(of_cleaning: Sequence[float], of_faces: Sequence[float], options: Options) -> tuple[Note, ...]:
    """A note if the strength of cleaning or of a face was lowered."""
    photo, faces = ([each for each in group if each < options.strength] for group in (of_cleaning, of_faces))
    if not photo and not faces:
        return ()
    scope = f" or more, on {len(faces)} faces" if len(faces) > 1 else ""
    strength = f"the strength was lowered to {min(photo + faces):.2f}{scope}"
    return (Note("strength_lowered", f"To keep the drift under {options.max_drift:g}, {strength}."),)
