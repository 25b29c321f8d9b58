"""docs/settings.md has every setting with its default and range, and every way in which a start fails."""

import re
from collections.abc import Sequence

import pytest

from facecraft import catalogue
from facecraft.errors import StartupError
from facecraft.model import Model
from facecraft.settings import PREFIX, Settings
from tests.docs.documents import page, table
from tests.docs.tables import defaults, values

ROWS = {row[0].strip("`"): row[1:] for row in table(page("settings.md"), "variable")}


def variable(name: str) -> str:
    return PREFIX + name.upper()


def test_every_setting_is_there_with_its_default() -> None:
    expected = {variable(name): shown for name, shown in defaults(Settings).items()}
    assert {name: cells[0] for name, cells in ROWS.items()} == expected


def test_the_range_of_a_setting_is_the_one_that_is_checked() -> None:
    for name, shown in values(Settings).items():
        assert ROWS[variable(name)][1] == shown, name


@pytest.mark.parametrize(
    ("name", "models"),
    [
        ("detector", catalogue.DETECTORS),
        ("restorer", (*catalogue.cleaners(), *catalogue.restorers())),
        ("upscaler", catalogue.upscalers()),
        ("matting", catalogue.SEGMENTERS),
    ],
)
def test_a_setting_that_names_a_model_lists_those_of_the_catalogue(
    name: str, models: Sequence[Model]
) -> None:
    shown = re.findall(r"`([\w.-]+)`", ROWS[variable(name)][1])
    assert [each for each in shown if each not in ("auto", "none")] == [model.name for model in models]


def test_every_code_with_which_a_start_fails_is_there() -> None:
    codes = {StartupError.code, *(each.code for each in StartupError.__subclasses__())}
    assert {row[0].strip("`") for row in table(page("settings.md"), "code")} == codes
