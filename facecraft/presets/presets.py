"""Presets: portraits with published rules, read strictly from presets.toml and applied to options."""

import tomllib
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Any, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from facecraft.colours import Colour, parse_colour
from facecraft.errors import InvalidOption, PresetInvalid
from facecraft.options import Options
from facecraft.ranges import increasing
from facecraft.types import Bounds, ImageFormat

MM_PER_INCH = 25.4
RELAXED_HEAD, RELAXED_EYES = 1.25, 0.08
"""How much larger the head, and how much lower the eyes may be where no authority set the ranges."""
MISSING = 0.001
"""Share of a document's portrait that may lie beyond the photo: less than a row of pixels."""


def _is_colour(value: str) -> str:
    try:
        parse_colour(value)
    except InvalidOption as error:
        raise ValueError(f"{value!r} is not a colour") from error
    return value


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
# Strict but for the tuples: TOML has lists in their place.
ShareLimits: TypeAlias = Annotated[tuple[Share, Share], Field(strict=False), AfterValidator(increasing)]
"""The least and the most that a share may be."""
Text = Annotated[str, Field(min_length=1)]


class Preset(BaseModel):
    """What one kind of portrait has to be. presets.toml explains each field."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Text
    title: Text
    width_mm: Annotated[float, Field(gt=0, le=300)] | None = None
    height_mm: Annotated[float, Field(gt=0, le=300)] | None = None
    width_px: Annotated[int, Field(ge=64, le=4096)] | None = None
    height_px: Annotated[int, Field(ge=64, le=4096)] | None = None
    dpi: Annotated[int, Field(ge=36, le=1200)] | None = None
    head: ShareLimits
    eye_line: ShareLimits | None = None
    top_margin: ShareLimits | None = None
    background: Annotated[
        tuple[Annotated[str, AfterValidator(_is_colour)], ...], Field(min_length=1, strict=False)
    ]
    replace_background: bool
    retouching: bool
    document: bool = True
    format: ImageFormat
    max_kb: Annotated[int, Field(ge=1, le=100_000)] | None = None
    source: Annotated[str, Field(pattern=r"^https?://")]
    date: date
    note: str = ""

    @model_validator(mode="after")
    def _validate_size(self) -> Self:
        in_mm = self.width_mm is not None and self.height_mm is not None and self.dpi is not None
        in_px = self.width_px is not None and self.height_px is not None
        if in_mm == in_px:
            raise ValueError("give width_mm, height_mm and dpi, or width_px and height_px")
        self.options()  # whatever it stands for has to be a valid request
        return self

    @property
    def width(self) -> int:
        """Of the portrait, in pixels."""
        return self.width_px or self._pixels(self.width_mm)

    @property
    def height(self) -> int:
        """Of the portrait, in pixels."""
        return self.height_px or self._pixels(self.height_mm)

    @property
    def most_head(self) -> float:
        """The largest share of the head: a tight photo relaxes the range where it is a choice of style."""
        return self.head[1] if self.document else self.head[1] * RELAXED_HEAD

    @property
    def least_eyes(self) -> float | None:
        """The lowest share of the eyes, likewise; None without a rule."""
        if self.eye_line is None:
            return None
        return self.eye_line[0] if self.document else self.eye_line[0] - RELAXED_EYES

    @property
    def colours(self) -> list[Colour]:
        """The backgrounds that are accepted."""
        return [parse_colour(name) for name in self.background]

    def options(self) -> dict[str, Any]:
        """The options that it stands for."""
        options: dict[str, Any] = {
            "width": self.width,
            "height": self.height,
            "head": self.head,
            "eye_line": self.eye_line,
            "align": True,
            "format": self.format,
            "max_kb": self.max_kb,
            "dpi": self.dpi,
        }
        if self.replace_background:
            options["background"] = self.background[0]
        if not self.retouching:
            options["restorer"] = "none"
        Options(**options)
        return options

    def bounds(self) -> dict[str, Bounds]:
        """The limits that it sets, by the name of the rule."""
        free = () if self.document else ("mouth_closed", "photo_whole")
        return dict.fromkeys(free, (None, None)) | {
            "width": (self.width, self.width),
            "height": (self.height, self.height),
            "head_height": (self.head[0], self.most_head),
            "eye_line": (self.least_eyes, None if self.eye_line is None else self.eye_line[1]),
            "top_margin": self.top_margin or (None, None),
            "inside_photo": (None, MISSING if self.document else None),
            "file_size": (None, self.max_kb),
            "retouched": (None, None if self.retouching else 0),
        }

    def _pixels(self, side_mm: float | None) -> int:
        assert side_mm is not None  # noqa: S101  # validated
        assert self.dpi is not None  # noqa: S101
        return round(side_mm * self.dpi / MM_PER_INCH)


@cache
def load() -> Mapping[str, Preset]:
    """The presets of the package by name, in the order of their file; read once.

    Raises:
        PresetInvalid: a table is not understood completely.
    """
    return read(files("facecraft.presets").joinpath("presets.toml").read_text("utf-8"))


def read(text: str) -> Mapping[str, Preset]:
    """Read presets from TOML: one table each, whose name is the preset's.

    Raises:
        PresetInvalid: it is not TOML, or a field is unknown, missing, or outside of its range.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PresetInvalid(f"presets.toml is not valid TOML: {error}.") from error
    return MappingProxyType({name: _preset(name, table) for name, table in tables.items()})


def _preset(name: str, table: object) -> Preset:
    if not isinstance(table, dict):
        raise PresetInvalid(f"The preset {name} is wrong: it is not a table.")
    try:
        return Preset(name=name, **table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise PresetInvalid(
            f"The preset {name} is wrong: {f'{field}: ' if field else ''}{first['msg']}."
        ) from error
    except (InvalidOption, TypeError) as error:
        raise PresetInvalid(f"The preset {name} is wrong: {error}") from error


def apply(options: Options, presets: Mapping[str, Preset]) -> tuple[Options, Preset | None]:
    """Fill in what the options' preset says and the options don't.

    Raises:
        InvalidOption: there is no such preset.
    """
    if options.preset is None:
        return options, None
    preset = presets.get(options.preset)
    if preset is None:
        near = get_close_matches(options.preset, presets, n=1)
        suggestion = f" Did you mean {near[0]}?" if near else ""
        raise InvalidOption(
            f"There is no preset {options.preset!r}.{suggestion}", hint="GET /presets lists the presets."
        )
    given = set(options.model_fields_set)
    if "margin" in given:
        given.add("head")
    if options.layout is not None:
        given.add("max_kb")  # it limits uploads; paper has no such limit
    added = {name: value for name, value in preset.options().items() if name not in given}
    return options.model_copy(update=added), preset
