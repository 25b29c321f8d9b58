"""Ranges of shares, as options and presets give them."""

from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from facecraft.types import Range

LEAST, MOST = 0.05, 0.95


def increasing(value: Range) -> Range:
    """Refuse a range whose least value is over its most."""
    if value[0] > value[1]:
        error = "the least, {least}, is over the most, {most}"
        raise PydanticCustomError("range", error, {"least": f"{value[0]:g}", "most": f"{value[1]:g}"})
    return value


def _parse(value: Any) -> Any:
    """Read one number as a range of nothing, and the text `0.5-0.6` as two."""
    if isinstance(value, str):
        parts = value.split("-")
        return parts * 2 if len(parts) == 1 else parts
    return (value, value) if isinstance(value, int | float) else value


_Share = Annotated[float, Field(ge=LEAST, le=MOST, allow_inf_nan=False)]
ShareRange: TypeAlias = Annotated[
    tuple[_Share, _Share],
    BeforeValidator(_parse),
    AfterValidator(increasing),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": LEAST, "maximum": MOST},
                {"type": "string", "pattern": r"^0?\.\d{1,9}-0?\.\d{1,9}$"},
            ]
        }
    ),
]
"""The least and the most that a share may be, from a number, or from two with a hyphen."""
