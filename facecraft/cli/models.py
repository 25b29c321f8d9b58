"""`facecraft models`: the commands of `python -m facecraft.weights`."""

import argparse
import sys
from typing import NoReturn

import typer

CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""Pass all arguments to the parser of facecraft.weights, which must work without typer."""


class OneLineParser(argparse.ArgumentParser):
    """A parser that reports wrong usage in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"facecraft: usage_error: {message.rstrip('.')}. See `{self.prog} --help`.\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        sys.stderr.write(message or "")
        raise typer.Exit(status)


def models(context: typer.Context) -> int:
    """List, pull or verify the models of models.lock, or hash them again."""
    from facecraft.weights import __main__ as weights  # noqa: PLC0415

    parser = OneLineParser(prog="facecraft models", description=models.__doc__)
    weights.add_commands(parser)
    return weights.run(parser.parse_args(context.args))
