"""The domain's types: a face, what is asked for, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from facecraft.errors import InvalidOption

RGBImage: TypeAlias = NDArray[np.uint8]
"""(height, width, 3) uint8, RGB."""

ImageFormat = Literal["jpeg", "png", "webp"]


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


def _number(value: Any) -> Any:
    """A choice among numbers, which pydantic does not read from text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class ProcessOptions(BaseModel):
    """What one request asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    restorer: str = Field(
        default="auto",
        description="auto (the best one loaded), none, or the name of a loaded restorer.",
        examples=["auto"],
    )
    strength: float = Field(
        default=1.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Blend of the restored face with the original: 0 keeps the original.",
    )
    fidelity: float | None = Field(
        default=None,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="For restorers that have it (codeformer): 0 is the best quality, 1 the closest likeness.",
    )
    faces: Literal["all", "largest"] = Field(default="all", description="Which faces are restored.")
    upscale: Annotated[Literal[1, 2, 4], BeforeValidator(_number)] = Field(
        default=1, description="How many times as wide and high the whole picture becomes."
    )
    require_face: bool = Field(default=True, description="Refuse a picture in which no face is found.")
    format: Literal["auto", "jpeg", "png", "webp"] = Field(
        default="auto", description="Format of the answer; auto is that of the input."
    )
    quality: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Of a JPEG or WebP answer; 90 where it is not given. A PNG is lossless and has none.",
    )

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> Self:
        """Read options from text, as form fields or a command line give them.

        Raises:
            InvalidOption: an unknown name, or a value outside its range.
        """
        for name in fields:
            if name not in cls.model_fields:
                near = get_close_matches(name, cls.model_fields, n=1)
                meant = f" Did you mean {near[0]}?" if near else ""
                raise InvalidOption(f"There is no option {name!r}.{meant}")
        try:
            options = cls.model_validate(dict(fields))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise InvalidOption(f"The option {first['loc'][0]} is wrong: {first['msg']}.") from error
        if options.format == "png" and options.quality is not None:
            raise InvalidOption("The option quality has no meaning for format=png, which is lossless.")
        return options


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


@dataclass(frozen=True, slots=True)
class Detection:
    """The faces of a picture.

    Attributes:
        faces: largest first.
        timings_ms: milliseconds by stage, in order of execution.
    """

    source: Source
    faces: tuple[Face, ...]
    timings_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Portrait:
    """A finished portrait.

    Attributes:
        data: the encoded picture.
        format: of `data`.
        faces: every face that was found, largest first.
        restored: how many of them were restored.
        restorer: name of the restorer, or "none".
        timings_ms: milliseconds by stage, in order of execution.
    """

    data: bytes
    format: ImageFormat
    source: Source
    faces: tuple[Face, ...]
    restored: int
    restorer: str
    timings_ms: Mapping[str, float]
