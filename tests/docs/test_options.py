"""docs/options.md has every option, with its default and its range."""

from facecraft.options import Options
from tests.docs.documents import page, table
from tests.docs.tables import defaults, values

ROWS = {row[0].strip("`"): row[1:] for row in table(page("options.md"), "option")}


def test_every_option_is_there_with_its_default() -> None:
    assert {name: cells[1] for name, cells in ROWS.items()} == defaults(Options)


def test_the_range_of_an_option_is_the_one_that_is_checked() -> None:
    for name, shown in values(Options).items():
        assert ROWS[name][0] == shown, name
