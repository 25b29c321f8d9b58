"""The options of one portrait, valid by construction."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator

from facecraft.colours import Background
from facecraft.errors import InvalidOption
from facecraft.option_fields import OptionFields
from facecraft.ranges import as_range
from facecraft.types import Range
from facecraft.validation import invalid_option

OF_RESTORATION = ("when", "area", "strength", "max_drift", "faces")
"""Options that mean nothing where nothing is restored."""
DEFAULT_DPI = 300


class Options(OptionFields):
    """What is asked for. Building an invalid one raises InvalidOption.

    `model_fields_set` tells which were given; a preset fills in the others.
    """

    @model_validator(mode="wrap")
    @classmethod
    def _validate(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Raise what HTTP answers, in place of pydantic's own error."""
        try:
            options = handler(data)
        except ValidationError as error:
            raise invalid_option(error.errors(include_url=False), cls.model_fields) from error
        options.validate_together()
        return options

    def validate_together(self) -> None:
        """Refuse options that exclude each other; a preset may have filled in some.

        Raises:
            InvalidOption: they do.
        """
        if self.format == "png" and self.quality is not None:
            raise InvalidOption("The option quality has no meaning for format=png, which is lossless.")
        transparent = Background.parse(self.background).kind == "transparent"
        if transparent and self.format == "jpeg" and self.layout is None:
            raise InvalidOption(
                "A JPEG cannot be transparent.",
                hint="Use format=png, format=webp or format=avif, or another background.",
            )
        if self.head is not None and self.margin is not None:
            raise InvalidOption("The options head and margin exclude each other.", hint="Give one of them.")
        self._validate_each()
        if self.feather is not None and self.mask == "none":
            raise InvalidOption("The option feather has no meaning without a mask.")
        if self.gap is not None and self.layout is None:
            raise InvalidOption("The option gap has no meaning without a layout.")
        if self.restorer == "none":
            for name in OF_RESTORATION:
                if name in self.model_fields_set:
                    raise InvalidOption(
                        f"The option {name} has no meaning where nothing is restored: with restorer=none, or "
                        "with a preset that forbids retouching."
                    )

    def _validate_each(self) -> None:
        if self.each and "face" in self.model_fields_set:
            raise InvalidOption("The options each and face exclude each other.", hint="Give one of them.")
        if self.each and self.preset is None and self.head_range is None:
            raise InvalidOption("The option each needs a frame around each head: preset, head or margin.")

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """Read options by name. A value may be text, as form fields and a command line give it.

        Raises InvalidOption as the constructor does.
        """
        return cls.model_validate(dict(fields))

    @property
    def head_range(self) -> Range | None:
        """Range of the head's height over the portrait's, 0 to 1; None without head and margin."""
        if self.margin is None:
            return as_range(self.head)
        return as_range(1 / (1 + 2 * self.margin))

    @property
    def fits_head(self) -> bool:
        """Whether the crop is placed by the head."""
        return self.head_range is not None or self.align or self.eye_line is not None

    @property
    def crops(self) -> bool:
        """Whether the portrait is a crop, and not the whole picture."""
        return self.width is not None or self.height is not None or self.fits_head

    @property
    def keeps_place(self) -> bool:
        """Whether the file says where the photo was taken."""
        return isinstance(self.keep_metadata, str)

    @property
    def sized(self) -> bool:
        """Whether the portrait has a size of its own, so that a large photo may be decoded smaller for it.

        A portrait that is cut out in the photo's own size, and one that is enlarged, need all of its pixels.
        """
        bounded = self.width is not None or self.height is not None or self.head_range is not None
        return bounded and self.upscale == 1

    @property
    def print_dpi(self) -> int:
        """Resolution of a sheet, in pixels per inch."""
        return self.dpi or DEFAULT_DPI
