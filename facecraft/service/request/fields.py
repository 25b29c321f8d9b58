"""The options of a request: its form fields, and `preset` in its query string."""

from collections.abc import Mapping

from fastapi import Request

from facecraft.errors import InvalidOption
from facecraft.options import Options


def query_fields(request: Request) -> dict[str, str]:
    """The preset in the query string, as a field; empty without one.

    Raises:
        InvalidOption: the query string has anything else.
    """
    items = request.query_params.multi_items()
    if [name for name, _ in items] not in ([], ["preset"]):
        raise InvalidOption("Options are form fields. The query string takes only preset.")
    return dict(items)


def merge_fields(form: Mapping[str, str], query: Mapping[str, str]) -> dict[str, str]:
    """The fields of the form and of the query string.

    Raises:
        InvalidOption: both have a preset.
    """
    if query and "preset" in form:
        raise InvalidOption("The option preset is given twice: as a field and in the query string.")
    return {**form, **query}


def parse_options(fields: Mapping[str, str]) -> Options:
    """Read the options. Drop empty fields: browsers submit them.

    Raises:
        InvalidOption: an unknown name, or a value outside its range.
    """
    known = Options.model_fields
    return Options.parse({name: value for name, value in fields.items() if value or name not in known})
