"""CSS colours, and backgrounds of them, as in options and presets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self, TypeAlias

from PIL import ImageColor
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from facecraft.errors import InvalidOption

Colour: TypeAlias = tuple[int, int, int]
"""Red, green and blue in sRGB, 0 to 255."""
WHITE: Colour = (255, 255, 255)
BackgroundKind = Literal["keep", "transparent", "blur", "colour", "linear", "radial"]

GRADIENT_KINDS: Mapping[str, BackgroundKind] = {"linear": "linear", "radial": "radial"}
GRADIENT = re.compile(rf"({'|'.join(GRADIENT_KINDS)})-gradient\((.+)\)")
TOP_LEVEL_COMMA = re.compile(r",(?![^(]*\))")
"""A comma outside of parentheses: rgb(0, 0, 0) has commas inside."""
HINT = (
    "Use keep, transparent, blur, a CSS colour such as white or #e0e6f0, or linear-gradient(white, #e0e6f0)."
)

BACKGROUND_ERROR = "background"
"""Type of the error of a wrong background, which has a hint of its own."""


@dataclass(frozen=True, slots=True)
class Background:
    """The background behind the person.

    Attributes:
        colours: one for `colour`, two for a gradient, none otherwise.
    """

    kind: BackgroundKind
    colours: tuple[Colour, ...] = ()

    @property
    def paints(self) -> bool:
        """Whether nothing of the photo's own background is left."""
        return self.kind not in ("keep", "blur")

    @property
    def paper_colour(self) -> Colour:
        """The colour behind transparent pixels: the last of `colours`, else white."""
        return self.colours[-1] if self.colours else WHITE

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the option `background`.

        Raises:
            InvalidOption: the option does not allow this value.
        """
        value = text.strip().lower()
        for kind in ("keep", "transparent", "blur"):
            if value == kind:
                return cls(kind)
        gradient = GRADIENT.fullmatch(value)
        if gradient is None:
            return cls("colour", (parse_colour(value),))
        stops = TOP_LEVEL_COMMA.split(gradient[2])
        if len(stops) != 2:
            raise InvalidOption(
                f"The option background is wrong: the gradient has {len(stops)} colours, not two.", hint=HINT
            )
        return cls(GRADIENT_KINDS[gradient[1]], tuple(map(parse_colour, stops)))


def parse_colour(text: str) -> Colour:
    """Read a CSS colour: a name, #rgb, #rrggbb, rgb() or hsl().

    Raises:
        InvalidOption: it is not a colour of sRGB, or has transparency.
    """
    name = text.strip()
    try:
        channels = ImageColor.getrgb(name)
    except ValueError as error:
        raise InvalidOption(
            f"The option background is wrong: {name!r} is not a colour.", hint=HINT
        ) from error
    if len(channels) != 3:
        raise InvalidOption(
            f"The option background is wrong: the colour {name!r} has transparency.", hint=HINT
        )
    if min(channels) < 0 or max(channels) > 255:
        raise InvalidOption(f"The option background is wrong: {name!r} is not a colour of sRGB.", hint=HINT)
    return channels


def _validate(text: str) -> str:
    try:
        Background.parse(text)
    except InvalidOption as error:
        raise PydanticCustomError(BACKGROUND_ERROR, "{detail}", {"detail": error.detail}) from error
    return text


BackgroundText: TypeAlias = Annotated[str, AfterValidator(_validate)]
"""The text of a background."""
