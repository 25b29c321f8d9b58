"""Decide what restoration a photo needs, by its damage."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import ceil

import numpy as np

from facecraft.imaging import geometry
from facecraft.imaging.box import Box
from facecraft.imaging.geometry import Affine, Alignment
from facecraft.option_fields import Area
from facecraft.options import Options
from facecraft.pipeline.crowd import most_faces
from facecraft.pipeline.look import Scene
from facecraft.restoration import damage
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.cleaning import Cleaner
from facecraft.types import Damage, Note

SQUARE_PX = 512
HEAD_SHARE = 1.24  # side of a head's box, in sides of the face's square
CONTEXT_PX = 48  # around what is shown, in the network's pixels; it looks this far
LEAST_ENLARGEMENT = 1.5
"""What is left of an enlargement after the photo was scaled down to the portrait; less only softens it."""


@dataclass(frozen=True, slots=True)
class Means:
    """What may restore a photo.

    Attributes:
        cleaner: of the whole photo; None if it is not to be cleaned.
        restorer: of faces; None if none is to be used.
        low_detail_only: whether the restorer is only for faces with too little detail.
        forced: whether it is used on a good photo, too.
    """

    cleaner: Cleaner | None = None
    restorer: BatchingRestorer | None = None
    low_detail_only: bool = False
    forced: bool = False

    @property
    def any(self) -> bool:
        """Whether anything may be restored."""
        return self.cleaner is not None or self.restorer is not None


@dataclass(frozen=True, slots=True)
class FacePlan:
    """A face to restore.

    Attributes:
        own: whether it is the portrait's own face, and not one beside it.
        source: its square in the photo.
        portrait: its square in the portrait, before the portrait is copied to a sheet.
        detail: that is really there, in cycles a side.
        clean: whether it has little noise, so that the result can agree with it.
    """

    own: bool
    source: Alignment
    portrait: Alignment
    detail: float
    clean: bool

    @property
    def source_px(self) -> float:
        """Side of its square in pixels of the photo, as far as these have detail."""
        return min(self.source.source_px, 2 * self.detail)


@dataclass(frozen=True, slots=True)
class CleaningPlan:
    """What is cleaned.

    Attributes:
        cleaner: does it.
        shown: the part of the photo that the portrait shows, with some context.
        part: of it that is cleaned.
        shrink: by how much the photo is scaled down before, because the portrait shows no more.
        enlargement: by how much it is scaled down only for the cleaner, because it was enlarged.
        area: the whole part, or the heads or faces in it.
        squares: of the faces in the photo, the portrait's own first, then the others, largest first.
        span_px: side of the first one in the photo, or a third of its longer side.
    """

    cleaner: Cleaner
    shown: Box
    part: Box
    shrink: int
    enlargement: float
    area: Area
    squares: tuple[Alignment, ...]
    span_px: float


@dataclass(frozen=True, slots=True)
class Treatment:
    """The restoration of one photo.

    Attributes:
        cleaning: None if it is not cleaned.
        restorer: of faces; None if none is restored.
        faces: the faces for the restorer, the portrait's own first, then the others, largest first.
        shown: number of faces in the portrait that are cleaned or restored.
        damages: of every face in the photo; empty if nothing may be restored.
        notes: a note if nothing was needed.
    """

    cleaning: CleaningPlan | None = None
    restorer: BatchingRestorer | None = None
    faces: tuple[FacePlan, ...] = ()
    shown: int = 0
    damages: tuple[Damage, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def restores(self) -> bool:
        """Whether any pixel is restored."""
        return self.cleaning is not None or bool(self.faces)

    @property
    def restorer_name(self) -> str:
        """Of the restorer of faces, else of the cleaner, or "none"."""
        if self.restorer is not None:
            return self.restorer.name
        return "none" if self.cleaning is None else self.cleaning.cleaner.name


def decide(means: Means, options: Options, scene: Scene, matrix: Affine, size: tuple[int, int]) -> Treatment:
    """Decide by the damage of the photo, and by what the portrait shows of it.

    Args:
        means: what may be used.
        options: of the caller.
        scene: the photo.
        matrix: from the photo's pixels to the portrait's.
        size: width and height of the portrait, in pixels.
    """
    if not means.any or options.strength == 0:
        return Treatment()
    shown = tuple(
        index
        for index in _order(options, scene)
        if geometry.align(scene.faces[index], SQUARE_PX).transformed(matrix).overlaps(*size)
    )
    cleaning = _cleaning(means, options, scene, matrix, size)
    faces = _faces(means, scene, matrix, shown, cleaned=cleaning is not None)
    if cleaning is None and not faces:
        return Treatment(damages=scene.damages, notes=_notes(means, scene))
    restored = len(faces) if cleaning is None else len(shown)
    return Treatment(cleaning, means.restorer if faces else None, faces, restored, scene.damages)


def _order(options: Options, scene: Scene) -> list[int]:
    """Indices of the faces that may be restored: the portrait's own, then the others, largest first."""
    order = sorted(range(len(scene.faces)), key=lambda index: index != scene.index)
    return order[: most_faces(options.faces)]


def _cleaning(
    means: Means, options: Options, scene: Scene, matrix: Affine, size: tuple[int, int]
) -> CleaningPlan | None:
    if means.cleaner is None or not (means.forced or not _is_good(scene)):
        return None
    squares = tuple(geometry.align(scene.faces[index], SQUARE_PX) for index in _order(options, scene))
    area = options.area or "photo"
    width, height = scene.picture.width, scene.picture.height
    whole = Box(0, 0, width, height)
    shown = geometry.footprint(geometry.invert(matrix), *size, (height, width))
    heads = reduce(Box.join, map(head_box, squares)) if squares else None
    part = shown if area == "photo" else None if heads is None else shown.meet(heads)
    if part is None or part.empty:
        return None
    shrink = max(1, int(1 / geometry.scale_of(matrix)))
    left = scene.enlargement / shrink
    enlargement = left if left >= LEAST_ENLARGEMENT else 1.0
    context = ceil(CONTEXT_PX * shrink * enlargement)
    return CleaningPlan(
        cleaner=means.cleaner,
        shown=shown.grown(context).meet(whole),
        part=part.grown(context).meet(whole),
        shrink=shrink,
        enlargement=enlargement,
        area=area,
        squares=squares,
        span_px=squares[0].source_px if squares else max(width, height) / 3,
    )


def head_box(square: Alignment) -> Box:
    """The upright box of a head in the photo."""
    middle = np.full((1, 2), (square.side_px - 1) / 2)
    x, y = geometry.transform(middle, geometry.invert(square.to_crop))[0]
    half = HEAD_SHARE * square.source_px / 2
    return Box(*(round(float(value)) for value in (x - half, y - half, x + half, y + half)))


def _faces(
    means: Means, scene: Scene, matrix: Affine, shown: Sequence[int], *, cleaned: bool
) -> tuple[FacePlan, ...]:
    restorer = means.restorer
    if restorer is None:
        return ()
    plans = []
    for index in shown:
        face, found = scene.faces[index], scene.damages[index]
        if not _wanted(means, found):
            continue
        square = geometry.align(face, restorer.face_size_px)
        clean = cleaned or damage.is_clean(found.noise, None)
        plans.append(FacePlan(index == scene.index, square, square.transformed(matrix), found.detail, clean))
    return tuple(plans)


def _wanted(means: Means, found: Damage) -> bool:
    """Whether a face is for the restorer."""
    if means.low_detail_only and found.detail >= damage.LOW_DETAIL:
        return False
    return means.forced or not damage.is_good(found)


def _is_good(scene: Scene) -> bool:
    """Whether the photo is left alone: the portrait's face tells.

    The cleaner itself is asked last, only about photos that seem good. Damage is measured at faces only:
    brick, leaves and fur would count as noise, and the cleaner, which knows portraits, would smooth them.
    """
    found = scene.own_damage
    return found is None or (damage.is_good(found) and scene.residue < damage.GOOD_RESIDUE)


def _notes(means: Means, scene: Scene) -> tuple[Note, ...]:
    found = scene.own_damage
    if found is None:
        return (Note("damage_unknown", "Without a face no damage is measured, so nothing was restored."),)
    if means.forced:
        return ()
    if means.cleaner is not None and not _is_good(scene):
        return ()
    values = f"detail {found.detail:.0f}, noise {found.noise:.1f}"
    if found.jpeg_quality is not None:
        values += f", JPEG quality {found.jpeg_quality}"
    return (Note("restoration_not_needed", f"The photo is good as it is ({values}), and was not restored."),)
