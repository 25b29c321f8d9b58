"""What one request asks for."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from facecraft.errors import InvalidOption

Layout = Literal["4x6in", "5x7in", "10x15cm", "13x18cm", "a6", "a5", "a4", "letter"]
MaskShape = Literal["none", "oval", "circle", "rounded"]
Share = Annotated[float, Field(allow_inf_nan=False)]


def _number(value: Any) -> Any:
    """A choice among numbers, which pydantic does not read from text."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class Options(BaseModel):
    """The options of one portrait, in the order in which their steps run.

    `model_fields_set` tells what was given: that is what stays when a preset fills in the rest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str | None = Field(
        default=None,
        description="Name of a preset, as GET /presets lists them; options that are given override its own.",
    )
    restorer: str = Field(
        default="auto",
        description="auto (the best one loaded), none, or the name of a loaded restorer.",
    )
    strength: Share = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Blend of the restored face with the original: 0 keeps the original.",
    )
    fidelity: Share | None = Field(
        default=None,
        ge=0,
        le=1,
        description="For restorers that have it (codeformer): 0 is the best quality, 1 the closest likeness.",
    )
    max_drift: Share | None = Field(
        default=None,
        ge=0.001,
        le=1,
        description="Most that restoration may move a face's points, on average, in eye distances; over it "
        "the strength is lowered.",
    )
    faces: Literal["all", "largest"] = Field(default="all", description="Which faces are restored.")
    upscale: Annotated[Literal[1, 2, 4], BeforeValidator(_number)] = Field(
        default=1, description="How many times as wide and high the whole picture becomes."
    )
    require_face: bool = Field(default=True, description="Refuse a picture in which no face is found.")
    width: int | None = Field(default=None, ge=64, le=4096, description="Of the portrait, in pixels.")
    height: int | None = Field(default=None, ge=64, le=4096, description="Of the portrait, in pixels.")
    head: Share | None = Field(
        default=None,
        ge=0.05,
        le=0.95,
        description="Height of the head, chin to crown, as a share of the portrait's height.",
    )
    margin: Share | None = Field(
        default=None,
        ge=0.05,
        le=4,
        description="In place of head: the room above and below it, each in heights of the head.",
    )
    align: bool = Field(default=False, description="Turn the picture so that the eyes are level.")
    eye_line: Share | None = Field(
        default=None,
        ge=0.05,
        le=0.95,
        description="Height of the eyes over the lower edge, as a share of the portrait's height.",
    )
    background: str = Field(
        default="keep",
        max_length=100,
        description="keep, transparent, blur, a CSS colour, linear-gradient(top, bottom) or "
        "radial-gradient(middle, edge) of two CSS colours.",
    )
    tone: Literal["auto", "off"] = Field(
        default="off", description="Whether exposure, white balance, contrast and sharpness are corrected."
    )
    mask: MaskShape = Field(
        default="none", description="Shape of the portrait; outside of it, it is transparent."
    )
    feather: Share | None = Field(
        default=None,
        ge=0,
        le=0.5,
        description="How softly the mask ends, as a share of the portrait's shorter side.",
    )
    layout: Layout | None = Field(
        default=None,
        description="Paper on which the portrait is repeated as often as it fits, with cut marks.",
    )
    format: Literal["auto", "jpeg", "png", "webp"] = Field(
        default="auto",
        description="Format of the answer; auto is that of the input, or PNG for a transparent portrait of "
        "a JPEG.",
    )
    quality: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Of a JPEG or WebP answer; 90 where it is not given. A PNG is lossless and has none.",
    )
    max_kb: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Most, in kilobytes of 1000 bytes: first the quality is lowered, then the size.",
    )
    dpi: int | None = Field(
        default=None,
        ge=36,
        le=1200,
        description="Resolution that is written into the file, in pixels an inch.",
    )

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> Self:
        """Read options from text, as form fields or a command line give them.

        Raises:
            InvalidOption: an unknown name, a value outside its range, or two options that exclude each other.
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
        if options.head is not None and options.margin is not None:
            raise InvalidOption("The options head and margin say the same thing: give one of them.")
        if options.feather is not None and options.mask == "none":
            raise InvalidOption("The option feather has no meaning without a mask.")
        return options
