"""Command line options for every field of Options, made from its schema."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Annotated, Any

import typer

from facecraft.cli.terms import in_cli_terms
from facecraft.options import Options

RESTORATION = "Restoration"
FRAME = "Frame"
BACKGROUND = "Background and tone"
SHAPE = "Mask and sheet"
FILE = "File"
GROUP_OF: Mapping[str, str] = {
    "preset": "Preset",
    "face": FRAME,
    "each": FRAME,
    "damaged": FILE,
    "restorer": RESTORATION,
    "when": RESTORATION,
    "area": RESTORATION,
    "strength": RESTORATION,
    "fidelity": RESTORATION,
    "max_drift": RESTORATION,
    "faces": RESTORATION,
    "require_face": RESTORATION,
    "upscale": RESTORATION,
    "width": FRAME,
    "height": FRAME,
    "head": FRAME,
    "margin": FRAME,
    "align": FRAME,
    "eye_line": FRAME,
    "beyond": FRAME,
    "background": BACKGROUND,
    "tone": BACKGROUND,
    "mask": SHAPE,
    "feather": SHAPE,
    "layout": SHAPE,
    "gap": SHAPE,
    "format": FILE,
    "quality": FILE,
    "max_kb": FILE,
    "dpi": FILE,
    "keep_metadata": FILE,
}
"""The group of each field in the help."""


def portrait_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options to a command.

    Args:
        command: receives the given options as `fields`, text by name.
    """

    @wraps(command)
    def with_fields(context: typer.Context, **arguments: Any) -> int:
        fields = {}
        for name in Options.model_fields:
            value = arguments.pop(name)
            source = context.get_parameter_source(name)
            if source is not None and source.name == "COMMANDLINE":
                fields[name] = value
        return command(fields=fields, **arguments)

    context_ = inspect.Parameter("context", inspect.Parameter.POSITIONAL_ONLY, annotation=typer.Context)
    own = [
        parameter
        for parameter in inspect.signature(command).parameters.values()
        if parameter.name != "fields"
    ]
    parameters = [context_, *own, *_parameters()]
    with_fields.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_fields.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_fields


def _parameters() -> list[inspect.Parameter]:
    schemas = Options.model_json_schema()["properties"]
    return [_parameter(name, schemas[name]) for name in Options.model_fields]


def _parameter(name: str, schema: Mapping[str, Any]) -> inspect.Parameter:
    """One option. Values stay text; Options validates them."""
    default = schema["default"]
    option = typer.Option(
        metavar=_values(schema),
        help=in_cli_terms(schema["description"]).replace("[", r"\["),
        rich_help_panel=GROUP_OF[name],
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=Annotated[str | None, option],
        default=None if default is None else str(default).lower(),
    )


def _values(schema: Mapping[str, Any]) -> str:
    """The allowed values: choices, a range, any text, or one of these."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    return "|".join(map(_values_of_kind, kinds))


def _values_of_kind(kind: Mapping[str, Any]) -> str:
    if kind["type"] == "boolean":
        return "true|false"
    if "enum" in kind:
        return "|".join(map(str, kind["enum"]))
    if "pattern" in kind:
        return str(kind.get("title", "LEAST-MOST"))
    if "minimum" in kind:
        return f"{kind['minimum']:g}..{kind['maximum']:g}"
    return "TEXT"
