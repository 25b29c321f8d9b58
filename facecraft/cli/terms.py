"""Texts that are written for callers of the HTTP API, in the terms of the command line."""

from collections.abc import Mapping

COMMANDS: Mapping[str, str] = {
    "GET /presets": "`facecraft presets`",
    "GET /models": "`facecraft models list`",
    "GET /openapi.json": "`facecraft process --help`",
}
"""The command that shows what a route shows."""


def in_cli_terms(text: str) -> str:
    """The text with commands in place of routes."""
    for route, command in COMMANDS.items():
        text = text.replace(route, command)
    return text
