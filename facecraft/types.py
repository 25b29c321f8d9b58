"""The types of the domain: faces, portraits, and the facts about them."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

RGBImage: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) uint8, RGB."""
Alpha: TypeAlias = NDArray[np.uint8]
"""(H, W) uint8, 255 is opaque."""
Plane: TypeAlias = NDArray[np.float32]
"""(h, w) float32, 0 to 1, over a whole picture at any resolution."""

ImageFormat = Literal["jpeg", "png", "webp", "avif"]
"""A format that is written."""
Bounds: TypeAlias = tuple[float | None, float | None]
"""The smallest and the largest allowed value; None for no limit."""
Range: TypeAlias = tuple[float, float]
"""The smallest and the largest allowed value."""
RuleStatus = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Face:
    """A detected face, in pixels of the upright picture.

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

    def scaled(self, factor: float) -> "Face":
        """The face in the picture that is `factor` times as wide and high."""
        # The box has edges of pixels, the landmarks are between their middles.
        landmarks = self.landmarks * factor + (factor - 1) / 2
        return Face(self.bbox * np.float32(factor), np.asarray(landmarks, np.float32), self.score)

    def members(self) -> dict[str, object]:
        """The face for JSON, rounded to a hundredth of a pixel, finer than any detector."""
        return {
            "bbox": [round(value, 2) for value in self.bbox.tolist()],
            "landmarks": [[round(value, 2) for value in point] for point in self.landmarks.tolist()],
            "score": round(float(self.score), 4),
        }


@dataclass(frozen=True, slots=True)
class Damage:
    """What the photo has lost at a face.

    Attributes:
        detail: finest detail that is really there, in cycles a side of the face's aligned square, 8 to 181.
            Good: 70 or more, or 0.35 times `square_px`. Under 45 is very little.
        noise: standard deviation of each channel, in levels of 255. Good: under 4.5.
        square_px: side of the face's aligned square in the photo. It can show half as many cycles.
        jpeg_quality: of the file, 1 to 100, by its tables; None if it is no JPEG.
        grey: whether the photo has no colours.
    """

    detail: float
    noise: float
    square_px: float
    jpeg_quality: int | None
    grey: bool

    def scaled(self, factor: float) -> "Damage":
        """The same damage, in the picture that is `factor` times as wide and high."""
        return replace(self, square_px=self.square_px * factor)

    def members(self) -> dict[str, object]:
        """The damage for JSON."""
        return {
            "detail": round(self.detail, 1),
            "noise": round(self.noise, 1),
            "square_px": round(self.square_px, 1),
            "jpeg_quality": self.jpeg_quality,
            "grey": self.grey,
        }


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """A face aligned to a model's square.

    Attributes:
        image: (side, side, 3) uint8, RGB.
        source_px: length of the square's side in pixels of the photo, or less if the photo has less detail.
    """

    image: RGBImage
    source_px: float


@dataclass(frozen=True, slots=True)
class Source:
    """The photo's file.

    Attributes:
        width: of the upright photo, in pixels of the file.
        height: of the upright photo, in pixels of the file.
        format: by the file's content, not by its name: a format that is read, of formats.READABLE.
        frames: number of pictures in the file; the first is used.
        jpeg_quality: 1 to 100, by its quantisation tables; None for other formats.
        turned_deg: clockwise quarter turns that were needed because its faces lay on their side, or upside
            down: 0, 90, 180 or 270.
        share: of the photo that is in its file, from 0 to 1; under 1 if the file is damaged.
        reduced: times that the photo has more pixels in width and height than were decoded: 1, 2, 4 or 8.
    """

    width: int
    height: int
    format: str
    frames: int
    jpeg_quality: int | None = None
    turned_deg: int = 0
    share: float = 1.0
    reduced: int = 1


NoteCode: TypeAlias = Literal[
    "restoration_off",
    "restoration_not_needed",
    "damage_unknown",
    "strength_lowered",
    "source_small",
    "extended",
    "photo_tight",
    "smaller",
    "turned",
    "face_cut",
    "damaged",
    "reduced",
]


@dataclass(frozen=True, slots=True)
class Note:
    """A decision that Facecraft made for the caller.

    Attributes:
        code: stable, for programs.
        detail: one sentence, with the values.
    """

    code: NoteCode
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
        advice: what to do about it, in one sentence; None unless the rule fails.
    """

    name: str
    status: RuleStatus
    value: float | None
    least: float | None
    most: float | None
    unit: str
    detail: str
    advice: str | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One component of the quality of a face image, by ISO/IEC 29794-5. It is no rule: nothing limits it.

    Attributes:
        name: the standard's; stable, for programs.
        value: the raw value, in `unit`; None if it could not be measured.
        quality: of that value, 0 to 100; None if there is none.
        unit: T is the distance from the middle of the eyes to the chin.
        detail: the meaning of the raw value.
    """

    name: str
    value: float | None
    quality: int | None
    unit: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a portrait meets the rules of its preset, or those of good practice.

    Attributes:
        rules: the result of each.
        quality: the same picture in the words of ISO/IEC 29794-5; they do not count for the status.
    """

    rules: tuple[RuleResult, ...]
    quality: tuple[Component, ...] = ()

    @property
    def status(self) -> RuleStatus:
        """`fail` if any rule fails, else `unknown` if any rule with a limit is unknown, else `pass`."""
        found = {rule.status for rule in self.rules if rule.least is not None or rule.most is not None}
        return "fail" if "fail" in found else "unknown" if "unknown" in found else "pass"

    def members(self) -> dict[str, Any]:
        """The verdict for JSON, without the quality, which stands beside it."""
        return {"status": self.status, "rules": [asdict(rule) for rule in self.rules]}

    def quality_members(self) -> list[dict[str, Any]]:
        """The quality for JSON."""
        return [asdict(component) for component in self.quality]
