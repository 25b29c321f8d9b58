"""Portraits that someone else has rules for: presets.toml, read and applied."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from importlib.resources import files
from typing import Any, Literal

from facecraft.errors import InvalidOption
from facecraft.imaging.head import EYES_IN_HEAD
from facecraft.options import Options

MM_PER_INCH = 25.4
Range = tuple[float, float]
"""Least and most."""


@dataclass(frozen=True, slots=True)
class Preset:
    """What one kind of portrait has to be. presets.toml says what each field is."""

    name: str
    title: str
    width: int
    height: int
    dpi: int | None
    width_mm: float | None
    height_mm: float | None
    head: Range
    eye_line: Range | None
    top_margin: Range | None
    background: tuple[str, ...]
    replace_background: bool
    retouching: bool
    format: Literal["jpeg", "png", "webp"]
    max_kb: int | None
    source: str
    date: date
    note: str

    @property
    def head_share(self) -> float:
        """What the head is made: the middle of what it may be."""
        return sum(self.head) / 2

    @property
    def eye_height(self) -> float | None:
        """Where the eyes are put; None where no rule says so."""
        if self.eye_line is not None:
            return sum(self.eye_line) / 2
        if self.top_margin is not None:
            return 1 - sum(self.top_margin) / 2 - self.head_share * (1 - EYES_IN_HEAD)
        return None

    def options(self) -> dict[str, Any]:
        """The options that it stands for."""
        wanted: dict[str, Any] = {
            "width": self.width,
            "height": self.height,
            "head": self.head_share,
            "eye_line": self.eye_height,
            "align": True,
            "format": self.format,
            "max_kb": self.max_kb,
            "dpi": self.dpi,
        }
        if self.replace_background:
            wanted["background"] = self.background[0]
        if not self.retouching:
            wanted["restorer"] = "none"
        return wanted


def load() -> dict[str, Preset]:
    """All presets, by name, in the order of the file."""
    tables = tomllib.loads(files("facecraft.presets").joinpath("presets.toml").read_text("utf-8"))
    return {name: _read(name, table) for name, table in tables.items()}


def applied(options: Options, presets: Mapping[str, Preset]) -> tuple[Options, Preset | None]:
    """The options with what their preset adds to those that were given.

    Raises:
        InvalidOption: there is no such preset.
    """
    if options.preset is None:
        return options, None
    preset = presets.get(options.preset)
    if preset is None:
        near = get_close_matches(options.preset, presets, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise InvalidOption(
            f"There is no preset {options.preset!r}.{meant}", hint="GET /presets lists those that there are."
        )
    given = set(options.model_fields_set)
    if "margin" in given:
        given.add("head")
    if options.layout is not None:
        given.add("max_kb")  # a limit of uploads; paper has none
    added = {name: value for name, value in preset.options().items() if name not in given}
    return options.model_copy(update=added), preset


def _read(name: str, table: Mapping[str, Any]) -> Preset:
    dpi = table.get("dpi")
    width, height = (
        table[f"{side}_px"] if f"{side}_px" in table else round(table[f"{side}_mm"] * dpi / MM_PER_INCH)
        for side in ("width", "height")
    )
    return Preset(
        name=name,
        title=table["title"],
        width=width,
        height=height,
        dpi=dpi,
        width_mm=table.get("width_mm"),
        height_mm=table.get("height_mm"),
        head=tuple(table["head"]),
        eye_line=tuple(table["eye_line"]) if "eye_line" in table else None,
        top_margin=tuple(table["top_margin"]) if "top_margin" in table else None,
        background=tuple(table["background"]),
        replace_background=table["replace_background"],
        retouching=table["retouching"],
        format=table["format"],
        max_kb=table.get("max_kb"),
        source=table["source"],
        date=table["date"],
        note=table.get("note", ""),
    )
