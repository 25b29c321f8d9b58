"""Which models a setting may name."""

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from facecraft import catalogue

DETECTORS = ("auto", *(model.name for model in catalogue.DETECTORS))
RESTORERS = ("auto", *(model.name for model in (*catalogue.cleaners(), *catalogue.restorers())))
UPSCALERS = ("auto", "none", *(model.name for model in catalogue.upscalers()))
SEGMENTERS = ("auto", *(model.name for model in catalogue.SEGMENTERS))


def listed(names: tuple[str, ...]) -> str:
    """Two or more names in words: `a, b or c`."""
    return f"{', '.join(names[:-1])} or {names[-1]}"


def one_of(names: tuple[str, ...]) -> AfterValidator:
    """Accept these names only."""

    def check(value: str) -> str:
        if value not in names:
            raise PydanticCustomError("name", "use {names}", {"names": listed(names)})
        return value

    return AfterValidator(check)
