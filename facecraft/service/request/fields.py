"""What the fields of a form, and its query string, ask for."""

from collections.abc import Mapping

from fastapi import Request

from facecraft.errors import InvalidOption
from facecraft.options import Options


def named_in(request: Request) -> dict[str, str]:
    """The preset that the query string names, as a field, or no field.

    Raises:
        InvalidOption: it holds anything else.
    """
    named = request.query_params.multi_items()
    if [name for name, _ in named] not in ([], ["preset"]):
        raise InvalidOption("Options are form fields; of the query string only preset is read.")
    return dict(named)


def merged(fields: Mapping[str, str], named: Mapping[str, str]) -> dict[str, str]:
    """The fields of the form with that of the query string."""
    if named and "preset" in fields:
        raise InvalidOption("The option preset is given both as a field and in the query string.")
    return {**fields, **named}


def options_of(fields: Mapping[str, str]) -> Options:
    """An empty field is one that was not filled in: forms send those as well, that of /docs among them."""
    known = Options.model_fields
    return Options.parse({name: value for name, value in fields.items() if value or name not in known})
