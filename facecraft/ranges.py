"""Numbers and ranges of shares, as options and presets give them."""

import math
from typing import Annotated, Any, TypeAlias

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from facecraft.types import Range

LEAST, MOST = 0.05, 0.95
Share: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
"""A finite number."""


def increasing(value: Range) -> Range:
    """Refuse a range whose least value is over its most."""
    if value[0] > value[1]:
        error = "the least, {least}, is over the most, {most}"
        raise PydanticCustomError("range", error, {"least": f"{value[0]:g}", "most": f"{value[1]:g}"})
    return value


def as_range(value: float | Range | None) -> Range | None:
    """A range; one number is a range of nothing."""
    return (value, value) if isinstance(value, int | float) else value


def as_integer(value: Any) -> Any:
    """Read digits as a number; for a Literal of numbers, or a strict one, pydantic does not."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _parse(value: Any) -> float | Range:
    """Read a number, a pair of numbers, or the text of one or two with a hyphen between them."""
    texts = value.replace("\N{EN DASH}", "-").split("-") if isinstance(value, str) else value
    parts = texts if isinstance(texts, tuple | list) else [texts]
    try:
        numbers = [float(part) for part in parts]
    except (TypeError, ValueError, OverflowError):
        numbers = []
    if len(numbers) not in (1, 2) or not all(map(math.isfinite, numbers)):
        raise PydanticCustomError("range", "give a number such as 0.6, or a range such as 0.6-0.7")
    if not all(LEAST <= number <= MOST for number in numbers):
        raise PydanticCustomError(
            "range", "give numbers from {least} to {most}", {"least": LEAST, "most": MOST}
        )
    return numbers[0] if len(numbers) == 1 else increasing((numbers[0], numbers[1]))


ShareRange: TypeAlias = Annotated[
    float | Range,
    PlainValidator(_parse),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": LEAST, "maximum": MOST},
                {"type": "string", "pattern": r"^0?\.\d{1,9}-0?\.\d{1,9}$"},
            ]
        }
    ),
]
"""A share of the portrait, or the least and the most that it may be."""
