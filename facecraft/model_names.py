"""Which models a setting may name, by the catalogue."""

from collections.abc import Callable

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from facecraft import catalogue

Names = tuple[str, ...]


def detectors() -> Names:
    return ("auto", *(model.name for model in catalogue.DETECTORS))


def restorers() -> Names:
    return ("auto", *(model.name for model in (*catalogue.cleaners(), *catalogue.restorers())))


def upscalers() -> Names:
    return ("auto", "none", *(model.name for model in catalogue.upscalers()))


def segmenters() -> Names:
    return ("auto", *(model.name for model in catalogue.SEGMENTERS))


def listed(names: Names) -> str:
    """Two or more names in words: `a, b or c`."""
    return f"{', '.join(names[:-1])} or {names[-1]}"


def one_of(names: Callable[[], Names]) -> AfterValidator:
    """Accept these names only."""

    def check(value: str) -> str:
        if value not in names():
            raise PydanticCustomError("name", "use {names}", {"names": listed(names())})
        return value

    return AfterValidator(check)
