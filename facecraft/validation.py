"""The errors of pydantic, in the words of Facecraft."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from facecraft.colours import BACKGROUND_ERROR, HINT
from facecraft.errors import InvalidOption

WORDS: Mapping[str, str] = {"bool_parsing": "Input should be true or false"}
"""Shorter words for an error of pydantic, by its type."""


def invalid_option(errors: Sequence[ErrorDetails], names: Collection[str]) -> InvalidOption:
    """The first error, but an unknown name before any wrong value; `names` are those of the options."""
    unknown = [error for error in errors if error["type"] == "extra_forbidden"]
    error = (unknown or errors)[0]
    name = ".".join(map(str, error["loc"][:1]))  # in a union, the rest says which part of it
    if error["type"] == BACKGROUND_ERROR:
        return InvalidOption(error["msg"], hint=HINT)
    if not unknown:
        same = [each for each in errors if each["loc"][:1] == error["loc"][:1]]
        reasons = dict.fromkeys(WORDS.get(each["type"], each["msg"]) for each in same)
        return InvalidOption(f"The option {name} is wrong: {', or '.join(reasons)}.")
    near = get_close_matches(name, names, n=1)
    suggestion = f" Did you mean {near[0]}?" if near else ""
    return InvalidOption(f"There is no option {name!r}.{suggestion}")
