"""The results about a photo: its faces, a verdict, a finished portrait."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facecraft.errors import InvalidOption, RequestError
from facecraft.files import write_whole
from facecraft.types import Damage, Face, ImageFormat, Note, Source, Verdict

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What every result about a photo contains.

    Attributes:
        source: the uploaded file.
        faces: every face in it, largest first.
        damages: of each face, in the same order; empty if nothing needed them.
        timings_ms: milliseconds by stage, in order of execution.
    """

    source: Source
    faces: tuple[Face, ...]
    damages: tuple[Damage, ...] = ()
    timings_ms: Mapping[str, float]

    def findings(self) -> dict[str, Any]:
        """What every result contains, for JSON."""
        faces = [face.members() | {"damage": None} for face in self.faces]
        for face, damage in zip(faces, self.damages, strict=False):
            face["damage"] = damage.members()
        return {
            "source": asdict(self.source),
            "faces": faces,
            "timings_ms": {stage: round(ms, 1) for stage, ms in self.timings_ms.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection(Findings):
    """The faces of a photo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Findings):
    """A photo, judged as it is."""

    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait(Findings):
    """A finished portrait.

    Attributes:
        data: the encoded picture.
        format: of `data`.
        width: in pixels.
        height: in pixels.
        restored: number of faces that were cleaned or restored.
        restorer: name of the restorer of faces, else of the cleaner, or "none".
        cleaned: whether the photo was cleaned.
        quality: the encoder's quality; None for PNG. That of the face image is `verdict.quality`.
        notes: decisions that were made for the caller.
        verdict: None if none was requested.
        face: number of the face in `faces` whose portrait it is, from 1; None without a face.
    """

    data: bytes
    format: ImageFormat
    width: int
    height: int
    restored: int
    restorer: str
    cleaned: bool = False
    quality: int | None = None
    notes: tuple[Note, ...] = ()
    verdict: Verdict | None = None
    face: int | None = None

    def save(self, path: str | PathLike[str]) -> None:
        """Write the file, whole or not at all. Folders that are missing are created.

        Raises:
            InvalidOption: the path's suffix belongs to another format.
        """
        from PIL import Image  # noqa: PLC0415  # it knows the format of every suffix

        target = Path(path)
        if Image.registered_extensions().get(target.suffix.lower()) != self.format.upper():
            raise InvalidOption(
                f"{target.name} is not a name for a {self.format.upper()} file.",
                hint=f"Use a name that ends in .{self.format}, or process the photo with another format.",
            )
        write_whole(target, self.data)

    @property
    def image(self) -> "Image.Image":
        """The picture as a Pillow image."""
        from PIL import Image  # noqa: PLC0415

        with Image.open(BytesIO(self.data)) as image:
            image.load()
        return image

    @property
    def array(self) -> NDArray[np.uint8]:
        """The picture as an array: (H, W, 3) uint8, RGB, or (H, W, 4) with transparency."""
        return np.array(self.image, np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A small picture of a photo.

    Attributes:
        source: the photo's file.
        data: the encoded picture, upright.
        format: of `data`.
        width: in pixels.
        height: in pixels.
        quality: the encoder's.
    """

    source: Source
    data: bytes
    format: ImageFormat
    width: int
    height: int
    quality: int


@dataclass(frozen=True, slots=True)
class Portrayal:
    """What became of one face of a photo.

    Attributes:
        number: of the face among all of the photo, from 1.
        faces: number of faces in the photo.
        result: its portrait, or the reason why there is none.
        ms: milliseconds of work.
    """

    number: int
    faces: int
    result: Portrait | RequestError
    ms: float

    @property
    def mark(self) -> str:
        """What its file's name has at the end, such as -07."""
        return f"-{self.number:0{max(2, len(str(self.faces)))}}"
