"""The domain's types: a face, a portrait, and what is said of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from facecraft.errors import InvalidOption

if TYPE_CHECKING:
    from PIL import Image

RGBImage: TypeAlias = NDArray[np.uint8]
"""(height, width, 3) uint8, RGB."""

ImageFormat = Literal["jpeg", "png", "webp"]
SUFFIX_OF: Mapping[ImageFormat, str] = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}
"""How the name of a portrait's file ends."""
RuleStatus = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Face:
    """One detected face, in pixels of the upright source image.

    Attributes:
        bbox: (4,) float32, x1 y1 x2 y2, x2 and y2 exclusive.
        landmarks: (5, 2) float32, x y: eyes, nose, mouth corners, image-left first.
        score: detector confidence, 0 to 1.
    """

    bbox: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    score: float

    @property
    def area_px(self) -> float:
        """Area of the box, in square pixels."""
        x1, y1, x2, y2 = self.bbox
        return float((x2 - x1) * (y2 - y1))


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """A face aligned to a model's square.

    Attributes:
        image: (side, side, 3) uint8, RGB.
        source_px: how many pixels of the source image the square's side spans.
    """

    image: RGBImage
    source_px: float


@dataclass(frozen=True, slots=True)
class Source:
    """What the uploaded file was.

    Attributes:
        width: pixels, upright.
        height: pixels, upright.
        format: by content, not by name.
        frames: number of pictures in the file; only the first is used.
    """

    width: int
    height: int
    format: ImageFormat
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What every answer about a photo tells.

    Attributes:
        source: the uploaded file.
        faces: every face in it, largest first.
        timings_ms: milliseconds by stage, in order of execution.
    """

    source: Source
    faces: tuple[Face, ...]
    timings_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection(Findings):
    """The faces of a photo."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a portrait that is not as its asker may think.

    Attributes:
        code: stable, machine-readable.
        detail: one sentence, with the numbers.
    """

    code: Literal["restoration_off", "strength_lowered", "source_small", "extended", "smaller"]
    detail: str


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule found.

    Attributes:
        name: stable, machine-readable.
        status: unknown where it could not be measured, or where nothing sets a limit.
        value: as measured, in `unit`; None where it could not be.
        least: the smallest value that passes, None where there is none.
        most: the largest.
        unit: of all three; "" for a count.
        detail: what the value is, in words.
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
    """Whether a portrait is what its preset, or good practice, asks for."""

    rules: tuple[RuleResult, ...]

    @property
    def status(self) -> RuleStatus:
        """Fail if any rule fails; else unknown if any with a limit is; else pass."""
        found = {rule.status for rule in self.rules if rule.least is not None or rule.most is not None}
        return "fail" if "fail" in found else "unknown" if "unknown" in found else "pass"


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
        restored: how many faces were restored.
        restorer: name of the restorer, or "none".
        quality: of the encoder, None for PNG.
        notes: what was decided for the caller.
        verdict: None unless it was asked for.
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
        """Write the file.

        Raises:
            InvalidOption: the path's suffix is that of another format.
        """
        suffix = Path(path).suffix.lower()
        if suffix not in (SUFFIX_OF[self.format], f".{self.format}"):
            raise InvalidOption(
                f"The portrait is a {self.format.upper()}, which {Path(path).name} is not the name of.",
                hint=f"Save it as {SUFFIX_OF[self.format]}, or process the photo with another format.",
            )
        Path(path).write_bytes(self.data)

    @property
    def image(self) -> "Image.Image":
        """The picture as an image of Pillow."""
        from PIL import Image  # noqa: PLC0415

        with Image.open(BytesIO(self.data)) as image:
            image.load()
        return image

    @property
    def array(self) -> NDArray[np.uint8]:
        """The picture as an array: (H, W, 3) uint8, RGB, or (H, W, 4) with transparency."""
        return np.array(self.image, np.uint8)
