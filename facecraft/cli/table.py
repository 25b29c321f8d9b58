"""Print tables: with colours on a terminal, else as plain columns."""

import sys
from collections.abc import Mapping, Sequence

from facecraft.text import printable

STYLES: Mapping[str, str] = {"pass": "green", "fail": "bold red", "unknown": "yellow"}
"""Style on a terminal, by the text of a cell."""


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table to standard output.

    Args:
        head: titles of the columns.
        rows: cells, as many as there are titles.
    """
    rows = [tuple(map(printable, row)) for row in rows]
    if sys.stdout.isatty():
        _print_rich(head, rows)
        return
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_rich(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415  # rich is slow to import
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*head, box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    Console().print(table)
