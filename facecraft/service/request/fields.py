"""The options of a request: form fields, members of JSON, or the query string."""

from collections.abc import Mapping

from fastapi import Request

from facecraft.errors import InvalidOption
from facecraft.options import Options

MAX_FIELDS = 32
MAX_FIELD_BYTES = 1024
OVERHEAD_BYTES = 64 * 1024
"""Largest number of bytes besides the file: all fields at their longest, and the headers of all parts."""


def query_fields(request: Request) -> dict[str, str]:
    """The options in the query string, which has all options of a photo that is the whole body.

    Raises:
        InvalidOption: one is given twice, or there are too many, or too long ones.
    """
    fields: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        add_field(fields, name, value)
    return fields


def query_preset(request: Request) -> dict[str, str]:
    """The preset in the query string beside a form or JSON; empty without one.

    Raises:
        InvalidOption: the query string has anything else.
    """
    fields = query_fields(request)
    if fields.keys() - {"preset"}:
        raise InvalidOption("Options are form fields. The query string takes only preset.")
    return fields


def add_field(fields: dict[str, str], name: str, value: str) -> None:
    """Add an option that was read in one piece.

    Raises:
        InvalidOption: it is there already, or it breaks a limit.
    """
    reserve_field(fields, name)
    try:
        size_bytes = len(value.encode())
        name.encode()
    except UnicodeEncodeError as error:  # JSON can write half of a character
        raise InvalidOption("An option is not UTF-8.") from error
    if size_bytes > MAX_FIELD_BYTES:
        raise too_long(name)
    fields[name] = value


def reserve_field(fields: Mapping[str, object], name: str) -> None:
    """Raise InvalidOption if the option is there already, or one more is too many."""
    if name in fields:
        raise InvalidOption(f"The option {name!r} is given more than once.")
    if len(fields) == MAX_FIELDS:
        raise InvalidOption(f"There are more than {MAX_FIELDS} fields.", limit=MAX_FIELDS)


def too_long(name: str) -> InvalidOption:
    return InvalidOption(
        f"The option {name!r} is longer than {MAX_FIELD_BYTES} bytes.", limit=MAX_FIELD_BYTES
    )


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
