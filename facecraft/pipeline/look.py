"""Look at the photo. No other module measures it."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from facecraft.finishing import crop
from facecraft.finishing.crop import Crop
from facecraft.imaging import geometry
from facecraft.imaging.box import Box
from facecraft.imaging.eyes import Eyes
from facecraft.imaging.geometry import Affine
from facecraft.imaging.head import Extent, head_of
from facecraft.imaging.limits import percent
from facecraft.imaging.mesh import Points, box_of, eyes_of, transform_points
from facecraft.imaging.metadata import Metadata
from facecraft.imaging.picture import Picture
from facecraft.matting.person import measure_extent, segment_person
from facecraft.pipeline.choice import choose
from facecraft.pipeline.shot import Shot
from facecraft.pipeline.timings import Timings
from facecraft.restoration import damage
from facecraft.types import Damage, Face, Note, Source
from facecraft.whose import Whose

RETRACE_PX = 512
"""Longer side of the crop for the second trace of the points."""
AROUND, ABOVE, BELOW = 2.0, 1.4, 2.6
"""The part of the photo in which the person is looked for, from the eyes, in heights of the head."""


class Scene:
    """Everything that is known for one portrait of a photo. Each fact is measured once, at its first use.

    Args:
        shot: the photo.
        whose: which face the portrait is of.
        timings: of the portrait's stages; None for those of the shot.
    """

    def __init__(self, shot: Shot, whose: Whose = "largest", timings: Timings | None = None) -> None:
        self.timings = timings or shot.timings
        self._shot = shot
        self._whose = whose
        self._extents: dict[int, Extent] = {}

    @property
    def picture(self) -> Picture:
        """The photo, upright."""
        return self._shot.picture

    @property
    def metadata(self) -> Metadata | None:
        """What the portrait's file may say of the photo; None for nothing."""
        return self._shot.metadata

    @property
    def source(self) -> Source:
        """Size, upright, and format of the file."""
        return self._shot.source

    @property
    def faces(self) -> tuple[Face, ...]:
        """Every face, largest first."""
        return self._shot.faces

    @property
    def faces_in_file(self) -> tuple[Face, ...]:
        """The same, in the pixels of the file, of which fewer may have been decoded."""
        return tuple(face.scaled(self.source.reduced) for face in self.faces)

    @property
    def grey(self) -> bool:
        """Whether the photo has no colours."""
        return self._shot.grey

    @property
    def damages(self) -> tuple[Damage, ...]:
        """The damage at each face, in the order of `faces`."""
        return self._shot.damages

    @property
    def portrayable(self) -> tuple[int, ...]:
        """Numbers of the faces that can have portraits, from 1; see Shot."""
        return self._shot.portrayable

    def of(self, number: int, timings: Timings) -> "Scene":
        """The same photo, for the portrait of the face with this number. The whole is not measured again."""
        return Scene(self._shot, number, timings)

    @cached_property
    def index(self) -> int | None:
        """Of the portrait's face in `faces`; None without any face.

        Raises:
            InvalidOption: there are faces, but not the one that was asked for.
        """
        if not self.faces:
            return None
        shot, size = self._shot, (self.source.width, self.source.height)
        return choose(self._whose, self.faces_in_file, size, is_whole=shot.is_whole, is_seen=shot.is_seen)

    @property
    def face(self) -> Face | None:
        """The portrait's face; None without any face. Raises as `index`."""
        return None if self.index is None else self.faces[self.index]

    def notes(self, *, cropped: bool) -> tuple[Note, ...]:
        """Notes on how the photo was decoded and turned, and on a crop whose face its edge decided."""
        notes = []
        if self.source.reduced > 1:
            size = f"{self.source.width} x {self.source.height}"
            text = f"Of the photo's {size} pixels, {self.picture.width} x {self.picture.height} were decoded."
            notes.append(Note("reduced", text))
        if self.source.share < 1:
            text = f"The file is damaged: {percent(self.source.share)} of the photo is there."
            notes.append(Note("damaged", text))
        if self.source.turned_deg:
            text = f"No face was upright, so the photo was turned by {self.source.turned_deg} degrees."
            notes.append(Note("turned", text))
        if cropped and self._whose == "largest" and self.index:
            text = f"The largest face is cut or hidden, so the portrait is of face {self.index + 1}."
            notes.append(Note("face_cut", text))
        return tuple(notes)

    @property
    def own_damage(self) -> Damage | None:
        """The damage at the portrait's face; None without a face."""
        return None if self.index is None else self._shot.damage(self.index)

    @cached_property
    def enlargement(self) -> float:
        """By how much the photo was enlarged past the detail of the portrait's face; 1 without a face."""
        if self.index is None:
            return 1.0
        index = self.index
        with self.timings.stage("damage"):
            return damage.enlargement(self.picture.rgb, self.faces[index], self.damages[index])

    @cached_property
    def residue(self) -> float:
        """What the cleaner would change in the middle of the portrait's face, in levels on average.

        It sees what the other measures miss: artefacts of a file that was enlarged or saved again. Without a
        cleaner or a face it is 0.
        """
        cleaner, face = self._shot.models.cleaner, self.face
        if cleaner is None or face is None:
            return 0.0
        with self.timings.stage("damage"):
            height, width = self.picture.rgb.shape[:2]
            x, y = face.landmarks.mean(axis=0)
            left, top = (
                max(0, min(int(middle) - damage.PROBE_PX // 2, length - damage.PROBE_PX))
                for middle, length in ((x, width), (y, height))
            )
            part = self.picture.rgb[top : top + damage.PROBE_PX, left : left + damage.PROBE_PX]
            return damage.residue(part, cleaner.clean(part))

    @property
    def points(self) -> Points | None:
        """Points of the portrait's face, in the photo's pixels; None if the mesh sees no face."""
        return None if self.index is None else self._shot.trace(self.index)

    @cached_property
    def eyes(self) -> Eyes | None:
        """Eyes of the portrait's face, in the photo's pixels; None if the mesh sees no face."""
        points = self.points
        if points is None:
            return None
        with self.timings.stage("landmarks"):
            return self._shot.models.iris.find(self.picture.rgb, points)

    def extent(self, turns: int) -> Extent:
        """How far the portrait's person reaches in the photo after `turns` quarter turns, in its pixels.

        Raises:
            ValueError: there is no face.
        """
        if self.points is None:
            raise ValueError("A photo without a face has no person.")
        if turns not in self._extents:
            with self.timings.stage("extent"):
                self._extents[turns] = self._measure_extent(self.points, turns)
        return self._extents[turns]

    def _measure_extent(self, points: Points, turns: int) -> Extent:
        turned = np.rot90(self.picture.rgb, turns)
        height, width = turned.shape[:2]
        matrix = geometry.quarter_turns(turns, self.picture.width, self.picture.height)
        points = transform_points(points, matrix)
        head = head_of(points)
        (x, y), size = head.middle.tolist(), head.height_px
        left, top, right, bottom = (round(each) for each in (
            x - AROUND * size, y - ABOVE * size, x + AROUND * size, y + BELOW * size
        ))  # fmt: skip
        part = Box(left, top, right, bottom).meet(Box(0, 0, width, height))
        if part.empty:  # the face is a guess beyond the photo
            return Extent(x, y, x)
        shown = turned[part.inside]
        picture = Picture(np.ascontiguousarray(shown) if turns else shown)  # OpenCV cannot read turned pixels
        places = points[:, :2] - np.array([part.x1, part.y1], np.float32)
        plane = segment_person(picture, places, self._shot.models.segmenter)
        return measure_extent(plane, part, width, head)

    def points_in(self, part: Crop, points: Points) -> Points:
        """Points of a face, in the photo's pixels, traced again in a crop.

        The mesh's points differ by up to 3 % between crops. The ones in the portrait's own crop count.
        """
        with self.timings.stage("landmarks"):
            small = part.scaled(min(1.0, RETRACE_PX / max(part.width, part.height)))
            shown = crop.apply(Picture(self.picture.rgb), small).rgb
            start = transform_points(points, small.matrix)
            traced, _ = self._shot.models.mesh.trace(shown, box_of(start), eyes_of(start))
            return transform_points(traced, geometry.invert(small.matrix))

    def face_centres(self, matrix: Affine) -> NDArray[np.float32]:
        """(N, 2) float32, x y of the middle of each face's landmarks, transformed by a matrix."""
        centres = np.array([face.landmarks.mean(axis=0) for face in self.faces]).reshape(-1, 2)
        return geometry.transform(centres, matrix)
