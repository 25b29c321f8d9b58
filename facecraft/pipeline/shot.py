"""What is known of a whole photo, whosoever's portrait is made of it."""

from dataclasses import replace
from functools import cached_property

import numpy as np

from facecraft.cancellation import Cancellation
from facecraft.detection import search
from facecraft.detection.facemesh import PRESENCE_THRESHOLD
from facecraft.detection.search import Found
from facecraft.imaging.mesh import Points
from facecraft.imaging.metadata import Metadata
from facecraft.imaging.picture import Picture
from facecraft.pipeline import choice
from facecraft.pipeline.models import Models
from facecraft.pipeline.timings import Timings
from facecraft.restoration import damage
from facecraft.restoration.likeness import is_grey
from facecraft.types import Damage, Face, Source


class Shot:
    """The facts of a photo. Each is measured and timed once, at its first use.

    Args:
        picture: the decoded photo. It is never changed.
        source: size and format of the file.
        models: measure.
        timings: of the photo's stages.
        cancellation: checked before each tile and each face.
        metadata: what a portrait's file may say of the photo; None for nothing.

    Attributes:
        models: measure.
        timings: of the photo's stages.
        metadata: what a portrait's file may say of the photo; None for nothing.
    """

    def __init__(
        self,
        picture: Picture,
        source: Source,
        models: Models,
        timings: Timings,
        cancellation: Cancellation | None = None,
        *,
        metadata: Metadata | None = None,
    ) -> None:
        self._decoded = picture, source
        self._cancellation = cancellation or Cancellation()
        self.models = models
        self.timings = timings
        self.metadata = metadata
        self._traces: dict[int, Points | None] = {}
        self._damages: dict[int, Damage] = {}

    @cached_property
    def _upright(self) -> tuple[Picture, Source, tuple[Face, ...]]:
        """The photo, turned until its faces are upright, and the faces."""
        picture, source = self._decoded
        with self.timings.stage("detect"):
            found = search.find_faces(picture.rgb, self.models.detector, self.models.mesh, self._cancellation)
            if found.turns:
                picture, source = _turned(picture, source, found)
        del self._decoded  # or a photo that was turned would be kept twice
        return picture, source, found.faces

    @property
    def picture(self) -> Picture:
        """The photo, upright."""
        return self._upright[0]

    @property
    def source(self) -> Source:
        """Size, upright, and format of the file."""
        return self._upright[1]

    @property
    def faces(self) -> tuple[Face, ...]:
        """Every face, largest first."""
        return self._upright[2]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, in pixels."""
        return self.picture.width, self.picture.height

    @cached_property
    def grey(self) -> bool:
        """Whether the photo has no colours."""
        with self.timings.stage("damage"):
            return is_grey(self.picture.rgb)

    @property
    def damages(self) -> tuple[Damage, ...]:
        """The damage at each face, in the order of `faces`."""
        return tuple(self.damage(index) for index in range(len(self.faces)))

    def damage(self, index: int) -> Damage:
        """The damage at the face with this index."""
        if index not in self._damages:
            grey, face = self.grey, self.faces[index]
            self._cancellation.check()
            with self.timings.stage("damage"):
                self._damages[index] = damage.measure(self.picture.rgb, face, self.source, grey=grey)
        return self._damages[index]

    def trace(self, index: int) -> Points | None:
        """Points of the face with this index, in the photo's pixels; None if the mesh sees no face."""
        if index not in self._traces:
            face = self.faces[index]
            self._cancellation.check()
            with self.timings.stage("landmarks"):
                points, presence = self.models.mesh.trace(self.picture.rgb, face.bbox, face.landmarks[:2])
            self._traces[index] = None if presence < PRESENCE_THRESHOLD else points
        return self._traces[index]

    def is_seen(self, index: int) -> bool:
        """Whether the mesh sees the face with this index."""
        return self.trace(index) is not None

    def is_whole(self, index: int) -> bool:
        """Whether the mesh sees the face with this index, and the photo's edge does not cut it."""
        return choice.is_whole(self.trace(index), self.size)

    @property
    def portrayable(self) -> tuple[int, ...]:
        """Numbers, from 1, of the faces that the mesh sees and the photo's edge does not cut.

        If there is none, it is that of the largest face.
        """
        indices = range(len(self.faces))
        whole = [index for index in indices if self.is_whole(index)]
        return tuple(index + 1 for index in whole or indices[:1])


def _turned(picture: Picture, source: Source, found: Found) -> tuple[Picture, Source]:
    alpha = None if picture.alpha is None else np.ascontiguousarray(np.rot90(picture.alpha, found.turns))
    upright = Picture(search.turned(picture.rgb, found.turns), alpha)
    width, height = (source.height, source.width) if found.turns % 2 else (source.width, source.height)
    return upright, replace(source, width=width, height=height, turned_deg=-90 * found.turns % 360)
