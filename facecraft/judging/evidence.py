"""The facts about a picture that the rules measure."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.eyes import Eyes
from facecraft.imaging.head import Head, head_of
from facecraft.imaging.mesh import Points
from facecraft.judging import light, measures
from facecraft.judging.light import FaceLight
from facecraft.judging.measures import FacePatch, UprightFace
from facecraft.types import Plane, RGBImage


@dataclass(frozen=True)
class Drift:
    """How far restoration changed a face.

    Attributes:
        displacement: see measures.displacement.
        psnr_db: see measures.coarse_psnr.
    """

    displacement: float
    psnr_db: float


@dataclass(frozen=True)
class Evidence:
    """A picture, and the facts about it, for the rules to measure.

    Attributes:
        image: (H, W, 3) uint8, RGB; transparency is laid on white.
        faces: number of faces in it.
        points: of the portrait's face, in the picture's pixels; None without a face.
        eyes: of the portrait's face, in the pixels of the photo or of the portrait; None without a face.
        seen: the portrait's face as the photo shows it, for what covers it; None without a face, or if
            it is too small.
        person: the segmented person.
        sharpness: detail of the portrait's face over that of a good photo; None without a face.
        source_eyes_px: distance between the eyes in the photo, in its pixels, as far as there is detail for
            them; None without a face.
        drift: None if the face before restoration is not known.
        missing: share of the requested crop that the photo lacks; None for a photo as it is.
        share: of the photo that is in its file; under 1 if that is damaged.
        ends: where the photo lacks most of the crop, in words; None if nothing is known of that.
        retouched: whether anything but the crop changed the person or the background.
        width: of the portrait's file, in pixels; for a sheet, of one portrait.
        height: of the portrait's file, in pixels; for a sheet, of one portrait.
        file_bytes: of the portrait's file; None for a sheet.
        reduced: times that a photo as it is has more pixels in width and height than `image`.
    """

    image: RGBImage
    faces: int
    points: Points | None
    eyes: Eyes | None
    seen: UprightFace | None
    person: Plane
    sharpness: float | None
    source_eyes_px: float | None
    drift: Drift | None
    missing: float | None
    share: float
    ends: str | None
    retouched: bool
    width: int
    height: int
    file_bytes: int | None
    reduced: int = 1

    @cached_property
    def head(self) -> Head | None:
        return None if self.points is None else head_of(self.points)

    @cached_property
    def upright_face(self) -> UprightFace | None:
        return None if self.points is None else measures.upright_face(self.image, self.points)

    @cached_property
    def face_patch(self) -> FacePatch | None:
        return None if self.upright_face is None else measures.face_patch(self.upright_face)

    @cached_property
    def face_light(self) -> FaceLight | None:
        return None if self.upright_face is None else light.face_light(self.upright_face)

    @cached_property
    def background_lab(self) -> NDArray[np.float32] | None:
        return measures.background_lab(self.image, self.person)
