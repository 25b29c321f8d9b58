"""Look for faces until they are found: in the photo, in its quarter turns, and in tiles of it.

A detector sees the photo as it lies, at 640 px. Of 150 portraits CenterFace found each one upright, but 130,
108 and 126 of them after one, two and three quarter turns. Those the mesh saw as what they were, on their
side or upside down, all but one of them. So where no face is surely upright, the photo may have to be turned;
and where none has an ordinary size, the faces may be too small for the detector.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from facecraft.cancellation import Cancellation
from facecraft.detection import tiles
from facecraft.detection.base import Detector
from facecraft.detection.facemesh import PRESENCE_THRESHOLD, FaceMesh
from facecraft.imaging.mesh import eyes_of
from facecraft.types import Face, RGBImage

SURE_DEG, SURE_PRESENCE = 20, 0.9
"""An upright face is this level, and this surely a face. With another one, the turns are looked at too."""
TURNED_DEG = 30
"""How level the face of a turned photo must be. A head that only leans is no reason to turn the photo."""
SMALL = 1 / 24
"""Height of a face over the photo's longer side under which more, and smaller ones, may have been missed."""
RIVAL = 0.25
"""Area of a face over that of the largest one, from which it tells which way is up."""
MOST_SMALL = 300
"""How many small faces are added: the mesh looks at each, which takes some milliseconds."""
GLANCE_PX = 1280
"""Longer side of the copy in which the turns are looked at."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        turns: quarter turns, as in `numpy.rot90`, after which the photo is upright.
        faces: in the turned photo, largest first.
    """

    turns: int
    faces: tuple[Face, ...]


@dataclass(frozen=True, slots=True)
class _Sight:
    """A face that the mesh has looked at.

    Attributes:
        presence: 0 to 1.
        roll_deg: angle of the line through the eyes, clockwise.
    """

    face: Face
    presence: float
    roll_deg: float

    def stands(self, presence: float, roll_deg: float) -> bool:
        """Whether it is surely a face, and upright."""
        return self.presence >= presence and abs(self.roll_deg) <= roll_deg


def find_faces(
    image: RGBImage, detector: Detector, mesh: FaceMesh, cancellation: Cancellation | None = None
) -> Found:
    """Find every face, and which way is up.

    Args:
        image: (H, W, 3) uint8, RGB.
        detector: looks; what it finds, smaller faces are added to.
        mesh: confirms.
        cancellation: checked before each tile.

    Raises:
        DeadlineExceeded: it was cancelled.
    """
    faces = detector.detect(image)
    for face in faces[:1]:
        largest = _sight(image, face, mesh)
        if largest.stands(SURE_PRESENCE, SURE_DEG) and _is_ordinary(largest, image):
            return Found(0, tuple(faces))  # as nearly always
    sights = _look_at(image, faces, mesh)
    turns = 0
    if not any(sight.stands(SURE_PRESENCE, SURE_DEG) for sight in sights):
        turns = _best_turn(image, sights, detector, mesh)
    if turns:
        image = turned(image, turns)
        faces = detector.detect(image)
        sights = _look_at(image, faces, mesh)
    if max(image.shape) >= tiles.LEAST_PX and not any(_is_ordinary(sight, image) for sight in sights):
        small = tiles.added(faces, tiles.detect(image, detector, cancellation or Cancellation()), MOST_SMALL)
        faces = [*faces, *(face for face in small if _presence(image, face, mesh))]
        faces.sort(key=lambda face: face.area_px, reverse=True)
    return Found(turns, tuple(faces))


def turned(image: RGBImage, turns: int) -> RGBImage:
    """The picture after quarter turns, as in `numpy.rot90`. A copy: OpenCV cannot read turned pixels."""
    return np.ascontiguousarray(np.rot90(image, turns))


def _best_turn(image: RGBImage, sights: list[_Sight], detector: Detector, mesh: FaceMesh) -> int:
    """The quarter turns with the best upright face; 0 if there is none after any."""
    scale = min(1.0, GLANCE_PX / max(image.shape))
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    small = (
        image if scale == 1 else np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    )
    scores = {0: _score(sights)}
    for turns in (1, 2, 3):
        view = turned(small, turns)
        scores[turns] = _score(_look_at(view, detector.detect(view), mesh))
    return max(scores, key=lambda turns: scores[turns])


def _score(sights: list[_Sight]) -> float:
    """The detector's score of the best upright face; 0 without one."""
    upright = [sight for sight in sights if sight.stands(SURE_PRESENCE, TURNED_DEG)]
    return max((sight.face.score for sight in upright), default=0.0)


def _look_at(image: RGBImage, faces: list[Face], mesh: FaceMesh) -> list[_Sight]:
    """The faces that are large enough to tell which way is up, largest first."""
    return [_sight(image, face, mesh) for face in faces if face.area_px >= RIVAL * faces[0].area_px]


def _sight(image: RGBImage, face: Face, mesh: FaceMesh) -> _Sight:
    points, presence = mesh.find(image, face.bbox, face.landmarks[:2])
    left, right = eyes_of(points)
    dx, dy = (right - left).tolist()
    return _Sight(face, presence, math.degrees(math.atan2(dy, dx)))


def _presence(image: RGBImage, face: Face, mesh: FaceMesh) -> bool:
    return mesh.find(image, face.bbox, face.landmarks[:2])[1] >= PRESENCE_THRESHOLD


def _is_ordinary(sight: _Sight, image: RGBImage) -> bool:
    """Whether it is a face of a size that is always found."""
    height_px = float(sight.face.bbox[3] - sight.face.bbox[1])
    return sight.presence >= PRESENCE_THRESHOLD and height_px >= SMALL * max(image.shape)
