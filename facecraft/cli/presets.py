"""`facecraft presets`: list the presets, or show the rules of one."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facecraft.cli import load
from facecraft.cli.photos import AsJson
from facecraft.cli.table import print_table
from facecraft.options import Options

if TYPE_CHECKING:
    from facecraft.presets.presets import Preset

FIELDS = (
    "name", "title", "width", "height", "dpi", "width_mm", "height_mm", "head", "eye_line", "top_margin",
    "background", "replace_background", "retouching", "document", "format", "max_kb", "source", "date",
    "note",
)  # fmt: skip
"""The members of a preset in JSON, with the same names as in GET /presets."""


def presets(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Show all rules of this preset.")] = None,
    as_json: AsJson = False,
) -> int:
    """List the presets, or show one in detail."""
    chosen = None if name is None else load.preset_of(Options(preset=name))
    shown = list(load.presets().values()) if chosen is None else [chosen]
    if as_json:
        print(json.dumps({"presets": [_members(preset) for preset in shown]}, indent=2, ensure_ascii=False))
    elif chosen is None:
        rows = [
            (preset.name, preset.title, _size(preset), _print_size(preset), _file(preset)) for preset in shown
        ]
        print_table(("name", "title", "size", "print", "file"), rows)
    else:
        print_table((chosen.name, chosen.title), _details(chosen))
    return 0


def _members(preset: "Preset") -> dict[str, Any]:
    members = {field: getattr(preset, field) for field in FIELDS}
    return members | {"date": preset.date.isoformat()}


def _details(preset: "Preset") -> list[tuple[str, str]]:
    replaced = ", replaced by the first" if preset.replace_background else ", never replaced"
    details = [
        ("size", _size(preset)),
        ("print", _print_size(preset)),
        ("resolution", f"{preset.dpi} dpi" if preset.dpi else "any"),
        ("head", f"{_range(preset.head)} of the height, from chin to crown"),
        (
            "eyes",
            f"{_range(preset.eye_line)} of the height, above the lower edge" if preset.eye_line else "any",
        ),
        ("space above", f"{_range(preset.top_margin)} of the height" if preset.top_margin else "any"),
        ("background", ", ".join(preset.background) + replaced),
        ("retouching", "allowed" if preset.retouching else "forbidden, so the face is not restored"),
        ("kind", "a document" if preset.document else "no document: a tight photo relaxes head and eyes"),
        ("file", _file(preset)),
        ("source", preset.source),
        ("date", preset.date.isoformat()),
    ]
    return [*details, ("note", preset.note)] if preset.note else details


def _range(limits: tuple[float, float]) -> str:
    least, most = limits
    return f"{least:.1%} to {most:.1%}"


def _size(preset: "Preset") -> str:
    return f"{preset.width} x {preset.height} px"


def _print_size(preset: "Preset") -> str:
    return f"{preset.width_mm:g} x {preset.height_mm:g} mm" if preset.width_mm and preset.height_mm else "-"


def _file(preset: "Preset") -> str:
    return preset.format if preset.max_kb is None else f"{preset.format}, at most {preset.max_kb} kB"
