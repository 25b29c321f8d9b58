"""Whose portrait it is, as the option `face` gives it."""

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

MOST = 1000
"""The largest number of a face."""
LONGEST_PX = 100_000
"""No photo has a longer side."""
NUMBER = re.compile("[0-9]{1,4}")
PLACE = re.compile(r"([0-9]{1,5}) ?, ?([0-9]{1,5})")

Place: TypeAlias = tuple[int, int]
"""x and y of a pixel of the upright photo."""


def _parse(value: Any) -> "Literal['largest', 'center'] | int | Place":
    """Read a word, a number, two numbers, or the text of one of them."""
    if value in ("largest", "center"):
        return "largest" if value == "largest" else "center"
    if isinstance(value, str):
        place = PLACE.fullmatch(value)
        value = int(value) if NUMBER.fullmatch(value) else place and tuple(map(int, place.groups()))
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
        return value
    if isinstance(value, tuple | list) and len(value) == 2:
        x, y = value
        if all(isinstance(each, int) and 0 <= each < LONGEST_PX for each in (x, y)):
            return int(x), int(y)
    raise PydanticCustomError(
        "face", "give largest, center, a number from 1 to {most}, or a place such as 640,360", {"most": MOST}
    )


Whose: TypeAlias = Annotated[
    Literal["largest", "center"] | int | Place,
    PlainValidator(_parse),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": ["largest", "center"]},
                {"type": "integer", "minimum": 1, "maximum": MOST},
                {"title": "X,Y", "type": "string", "pattern": rf"^{PLACE.pattern}$"},
            ]
        }
    ),
]
"""A word, the number of a face among all of the photo (1 is the largest), or a place in or near it."""
