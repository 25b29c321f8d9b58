"""The types of the domain: faces, portraits, and the facts about them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from facecraft.errors import InvalidOption
from facecraft.files import write_whole

if TYPE_CHECKING:
    from PIL import Image

RGBImage: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) uint8, RGB."""
Alpha: TypeAlias = NDArray[np.uint8]
"""(H, W) uint8, 255 is opaque."""
Plane: TypeAlias = NDArray[np.float32]
"""(h, w) float32, 0 to 1, over a whole picture at any resolution."""

ImageFormat = Literal["jpeg", "png", "webp"]
Bounds: TypeAlias = tuple[float | None, float | None]
"""The smallest and the largest allowed value; None for no limit."""
RuleStatus = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Face:
    """A detected face, in pixels of the upright photo.

    Attributes:
        bbox: (4,) float32, x1 y1 x2 y2; x2 and y2 are exclusive.
        landmarks: (5, 2) float32, x y of eyes, nose and mouth corners; the left one in the image is first.
        score: the detector's confidence, 0 to 1.
    """

    bbox: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    score: float

    @property
    def area_px(self) -> float:
        """Area of the box, in square pixels."""
        x1, y1, x2, y2 = self.bbox
        return float((x2 - x1) * (y2 - y1))

    def members(self) -> dict[str, object]:
        """The face for JSON, rounded to a hundredth of a pixel, finer than any detector."""
        return {
            "bbox": [round(value, 2) for value in self.bbox.tolist()],
            "landmarks": [[round(value, 2) for value in point] for point in self.landmarks.tolist()],
            "score": round(float(self.score), 4),
        }


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """A face aligned to a model's square.

    Attributes:
        image: (side, side, 3) uint8, RGB.
        source_px: length of the square's side in pixels of the photo.
    """

    image: RGBImage
    source_px: float


@dataclass(frozen=True, slots=True)
class Source:
    """The photo's file.

    Attributes:
        width: of the upright picture, in pixels.
        height: of the upright picture, in pixels.
        format: by the file's content, not by its name.
        frames: number of pictures in the file; the first is used.
    """

    width: int
    height: int
    format: ImageFormat
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What every result about a photo contains.

    Attributes:
        source: the uploaded file.
        faces: every face in it, largest first.
        timings_ms: milliseconds by stage, in order of execution.
    """

    source: Source
    faces: tuple[Face, ...]
    timings_ms: Mapping[str, float]

    def findings(self) -> dict[str, Any]:
        """What every result contains, for JSON."""
        return {
            "source": asdict(self.source),
            "faces": [face.members() for face in self.faces],
            "timings_ms": {stage: round(ms, 1) for stage, ms in self.timings_ms.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection(Findings):
    """The faces of a photo."""


@dataclass(frozen=True, slots=True)
class Note:
    """A decision that Facecraft made for the caller.

    Attributes:
        code: stable, for programs.
        detail: one sentence, with the values.
    """

    code: Literal["restoration_off", "strength_lowered", "source_small", "extended", "smaller"]
    detail: str


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The result of one rule.

    Attributes:
        name: of the rule; stable, for programs.
        status: unknown if the value could not be measured, or has no limit.
        value: as measured, in `unit`; None if it could not be measured.
        least: the smallest value that passes; None if there is no limit.
        most: the largest value that passes; None if there is no limit.
        unit: of these three values; "" for a count.
        detail: the meaning of the value.
    """

    name: str
    status: RuleStatus
    value: float | None
    least: float | None
    most: float | None
    unit: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a portrait meets the rules of its preset, or those of good practice."""

    rules: tuple[RuleResult, ...]

    @property
    def status(self) -> RuleStatus:
        """`fail` if any rule fails, else `unknown` if any rule with a limit is unknown, else `pass`."""
        found = {rule.status for rule in self.rules if rule.least is not None or rule.most is not None}
        return "fail" if "fail" in found else "unknown" if "unknown" in found else "pass"

    def members(self) -> dict[str, Any]:
        """The verdict for JSON."""
        return {"status": self.status, "rules": [asdict(rule) for rule in self.rules]}


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
        restored: number of restored faces.
        restorer: name of the restorer, or "none".
        quality: the encoder's quality; None for PNG.
        notes: decisions that were made for the caller.
        verdict: None if none was requested.
    """

    data: bytes
    format: ImageFormat
    width: int
    height: int
    restored: int
    restorer: str
    quality: int | None = None
    notes: tuple[Note, ...] = ()
    verdict: Verdict | None = None

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
