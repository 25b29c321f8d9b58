"""Translate texts for the HTTP API to the terms of the command line."""

from collections.abc import Mapping

COMMANDS: Mapping[str, str] = {
    "GET /presets": "`facecraft presets`",
    "GET /models": "`facecraft models list`",
    "POST /detect": "`facecraft detect`",
    "GET /openapi.json": "`facecraft process --help`",
}
"""The command with the same information, by route."""


def in_cli_terms(text: str) -> str:
    """Replace routes in a text with commands."""
    for route, command in COMMANDS.items():
        text = text.replace(route, command)
    return text
