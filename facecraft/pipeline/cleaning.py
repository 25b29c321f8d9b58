"""Clean the photo, as planned."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.cancellation import Cancellation
from facecraft.detection.facemesh import FaceMesh
from facecraft.imaging import geometry
from facecraft.imaging.box import Box
from facecraft.imaging.geometry import Affine, Alignment, strips
from facecraft.imaging.picture import Picture
from facecraft.judging.evidence import Drift
from facecraft.option_fields import Area
from facecraft.pipeline import drift
from facecraft.pipeline.drift import Restored
from facecraft.pipeline.look import Scene
from facecraft.pipeline.plan import Plan
from facecraft.pipeline.treatment import HEAD_SHARE, SQUARE_PX, CleaningPlan, head_box
from facecraft.restoration import likeness
from facecraft.types import RGBImage

RIM = 0.1
"""Width of the soft edge of a head's box, as a share of its side."""


@dataclass(frozen=True, slots=True)
class View:
    """A picture of the photo, or of a part of it.

    Attributes:
        from_photo: (2, 3) float64, from the photo's pixels to the picture's.
    """

    picture: Picture
    from_photo: Affine


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned photo.

    Attributes:
        view: the part that the portrait shows.
        strengths: one, with which it was cleaned; none if it was not.
        drift: of the portrait's face; None if it was not measured.
    """

    view: View
    strengths: tuple[float, ...] = ()
    drift: Drift | None = None


def clean(scene: Scene, plan: Plan, mesh: FaceMesh, cancellation: Cancellation) -> Cleaned:
    """Clean the planned part of a photo. Without such a plan, the view is the photo itself.

    Raises:
        DeadlineExceeded: it was cancelled.
    """
    cleaning, options = plan.treatment.cleaning, plan.recipe.options
    if cleaning is None:
        return Cleaned(View(scene.picture, geometry.scaling(1)))
    view = _shown(scene.picture, cleaning)
    part = _part(view, cleaning)
    before = np.ascontiguousarray(view.picture.rgb[part.inside])
    with scene.timings.stage("clean"):
        after = cleaning.cleaner.clean(before, cancellation, cleaning.enlargement)
        likeness.keep_colour(before, after, cleaning.span_px / cleaning.shrink)
        if scene.grey:
            likeness.make_grey(after)
    to_part = geometry.compose(view.from_photo, geometry.shifted(-part.x1, -part.y1))
    squares = [square.transformed(to_part) for square in cleaning.squares]
    strength, moved = options.strength, None
    if plan.recipe.judge or options.max_drift is not None:
        with scene.timings.stage("drift"):
            for index, square in enumerate(squares if options.max_drift is not None else squares[:1]):
                if not square.overlaps(before.shape[1], before.shape[0]):
                    continue
                cancellation.check()
                least, found = _limit(before, after, square, plan, mesh)
                strength, moved = min(strength, least), found if index == 0 else moved
    with scene.timings.stage("clean"):
        weight = _weight(cleaning.area, squares, before.shape[1], before.shape[0], cancellation)
        if weight is not None or strength < 1:
            _blend(after, before, weight, strength)
        rgb = after
        if after.shape != view.picture.rgb.shape:
            rgb = view.picture.rgb.copy()
            rgb[part.inside] = after
    return Cleaned(replace(view, picture=replace(view.picture, rgb=rgb)), (strength,), moved)


def _limit(
    before: RGBImage, after: RGBImage, square: Alignment, plan: Plan, mesh: FaceMesh
) -> tuple[float, Drift]:
    photo, result = (geometry.crop(each, square).image for each in (before, after))
    options = plan.recipe.options
    return drift.limit(Restored(photo, photo, result), options.strength, options.max_drift, mesh)


def _shown(picture: Picture, cleaning: CleaningPlan) -> View:
    """The part of the photo that the portrait shows, scaled down as planned."""
    box, shrink = cleaning.shown, cleaning.shrink
    rgb = picture.rgb[box.inside]
    alpha = None if picture.alpha is None else picture.alpha[box.inside]
    from_photo = geometry.shifted(-box.x1, -box.y1)
    if shrink == 1:
        return View(Picture(rgb, alpha), from_photo)
    height, width = rgb.shape[:2]
    size = (max(1, width // shrink), max(1, height // shrink))
    scale = np.array([size[0] / width, size[1] / height])
    smaller = np.column_stack((np.diag(scale), (scale - 1) / 2))
    rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    if alpha is not None:
        alpha = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.uint8)
    return View(Picture(rgb, alpha), geometry.compose(from_photo, smaller))


def _part(view: View, cleaning: CleaningPlan) -> Box:
    """What is cleaned, in the view's pixels."""
    shown, part, shrink = cleaning.shown, cleaning.part, cleaning.shrink
    box = Box(
        (part.x1 - shown.x1) // shrink,
        (part.y1 - shown.y1) // shrink,
        -((shown.x1 - part.x2) // shrink),
        -((shown.y1 - part.y2) // shrink),
    )
    return box.meet(Box(0, 0, view.picture.width, view.picture.height))


def _weight(
    area: Area, squares: list[Alignment], width: int, height: int, cancellation: Cancellation
) -> NDArray[np.float32] | None:
    """Where it is cleaned, (H, W) float32, 0 to 1; None means everywhere."""
    match area:
        case "photo":
            return None
        case "head":
            mask = _head_mask
        case "face":
            mask = _face_mask
    weight = np.zeros((height, width), np.float32)
    for square in squares:
        cancellation.check()
        box, share = mask(square, width, height)
        if not box.empty:
            np.maximum(weight[box.inside], share, out=weight[box.inside])
    return weight


def _face_mask(square: Alignment, width: int, height: int) -> tuple[Box, NDArray[np.float32]]:
    """The mask of a face's square, and its box in the picture."""
    to_picture = geometry.invert(square.to_crop)
    box = geometry.footprint(to_picture, square.side_px, square.side_px, (height, width))
    if box.empty:
        return box, np.zeros((0, 0), np.float32)
    to_box = geometry.compose(to_picture, geometry.shifted(-box.x1, -box.y1))
    size = (box.x2 - box.x1, box.y2 - box.y1)
    mask = cv2.warpAffine(geometry.soft_mask(SQUARE_PX), to_box, size, flags=cv2.INTER_LINEAR)
    return box, np.asarray(mask, np.float32)


def _head_mask(square: Alignment, width: int, height: int) -> tuple[Box, NDArray[np.float32]]:
    """1 in a head's box, with a soft rim; where the box leaves the photo there is no rim."""
    head, rim = head_box(square), max(1.0, RIM * HEAD_SHARE * square.source_px)
    box = head.meet(Box(0, 0, width, height))

    def ramp(first: int, last: int, length: int) -> NDArray[np.float32]:
        places = np.arange(max(0, first), min(last, length), dtype=np.float32) + 0.5
        low = np.ones(len(places)) if first <= 0 else (places - first) / rim
        high = np.ones(len(places)) if last >= length else (last - places) / rim
        return np.asarray(np.clip(np.minimum(low, high), 0, 1), np.float32)

    return box, ramp(head.y1, head.y2, height)[:, None] * ramp(head.x1, head.x2, width)


def _blend(after: RGBImage, before: RGBImage, weight: NDArray[np.float32] | None, strength: float) -> None:
    """Blend the cleaned part with what it was, in place, by a weight for each pixel and for all."""
    for rows in strips(len(after)):
        share = np.full(after[rows].shape[:2], strength, np.float32)
        if weight is not None:
            share *= weight[rows]
        after[rows] = cv2.blendLinear(after[rows], before[rows], share, 1 - share)
