"""The subcommands of `facecraft`, and the report of errors.

Help is fast, because the modules of the commands do not import torch or OpenCV. Each command imports them
when it runs.
"""

import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated

import typer

from facecraft import __version__
from facecraft.cli.bench import bench
from facecraft.cli.check import check
from facecraft.cli.detect import detect
from facecraft.cli.export import export
from facecraft.cli.healthcheck import healthcheck
from facecraft.cli.models import CONTEXT, models
from facecraft.cli.presets import presets
from facecraft.cli.process import process
from facecraft.cli.selftest import selftest
from facecraft.cli.serve import serve
from facecraft.cli.terms import in_cli_terms
from facecraft.errors import FacecraftError
from facecraft.text import printable

COMMANDS: dict[str, tuple[Callable[..., int], ...]] = {
    "Photos": (process, check, detect, presets),
    "Service": (serve, healthcheck, bench),
    "Installation": (models, export, selftest),
}
"""The commands by group in the help; each returns the exit code."""
NAMES = tuple(command.__name__ for commands in COMMANDS.values() for command in commands)
INTERRUPTED = 130


def run(args: list[str]) -> int:
    """Run one command.

    Args:
        args: name and arguments of the command.

    Returns:
        The exit code: 0, 1 for an error, 2 for wrong usage.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name need not be valid text
    try:
        code = _run(args)
        sys.stdout.flush()
    except typer.TyperException as error:
        message = error.format_message()
        detail = message if message.endswith((".", "?")) else f"{message}."
        print_error("usage_error", detail, f"See `{_usage_of(args)} --help`.")
        return error.exit_code
    except FacecraftError as error:
        print_error(error.code, error.detail, in_cli_terms(error.hint))
        return 1
    except KeyboardInterrupt:
        # A network may still run in a thread. Its native code would abort at the interpreter's normal end.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # else Python prints an error when it ends
        return 1
    return code


def _run(args: list[str]) -> int:
    command = typer.main.get_command(_app())
    try:
        with command.make_context("facecraft", args) as context:
            code: int = command.invoke(context)
    except typer.Exit as exit_:
        return exit_.exit_code
    return code


def _app() -> typer.Typer:
    app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})
    app.callback()(_facecraft)
    for group, commands in COMMANDS.items():
        for command in commands:
            if command is models:
                register = app.command(context_settings=CONTEXT, add_help_option=False, rich_help_panel=group)
            else:
                register = app.command(rich_help_panel=group)
            register(command)
    return app


def _print_version(requested: bool) -> None:
    if requested:
        print(f"facecraft {__version__}")
        raise typer.Exit


def _facecraft(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Portrait photos in, finished portraits out.

    FACECRAFT_* environment variables are the settings of all commands.
    """


def _usage_of(args: list[str]) -> str:
    """The command to ask for help."""
    return f"facecraft {args[0]}" if args and args[0] in NAMES else "facecraft"


def print_error(code: str, detail: str, hint: str) -> None:
    """Print an error in one line to standard error."""
    print(printable(f"facecraft: {code}: {detail} {hint}"), file=sys.stderr)
