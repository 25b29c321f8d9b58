"""The start of the command `facecraft`: nothing is imported before it is known what to run."""

import sys

TYPE_CHECKING = False  # the name is enough for mypy, and typing takes as long to import as Python to start
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run one command.

    Args:
        argv: name and arguments of the command; None for the process's arguments.

    Returns:
        The exit code: 0, 1 for an error, 2 for wrong usage.
    """
    args = sys.argv[1:] if argv is None else list(argv)
    if args == ["healthcheck"]:
        from facecraft.cli import healthcheck  # noqa: PLC0415

        known = healthcheck.address()
        if known is not None:
            return healthcheck.ask(*known)
    from facecraft.cli.app import run  # noqa: PLC0415

    return run(args)
