"""docs/options.md has every option, with its default and its range."""

import re

from facecraft import catalogue
from facecraft.options import Options
from tests.docs.documents import page, table
from tests.docs.tables import defaults, values

ROWS = {row[0].strip("`"): row[1:] for row in table(page("options.md"), "option")}


def test_every_option_is_there_with_its_default() -> None:
    assert {name: cells[1] for name, cells in ROWS.items()} == defaults(Options)


def test_the_range_of_an_option_is_the_one_that_is_checked() -> None:
    for name, shown in values(Options).items():
        assert ROWS[name][0] == shown, name


def test_the_restorers_are_those_of_the_catalogue_the_best_first() -> None:
    shown = [name for name in re.findall(r"`([\w.-]+)`", ROWS["restorer"][2]) if name not in ("auto", "none")]
    assert shown == [model.name for model in (*catalogue.cleaners(), *catalogue.restorers())]
