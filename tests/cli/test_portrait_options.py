"""The options of `facecraft process`, which are the fields of Options."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from facecraft.cli import process as process_module
from facecraft.cli.portrait_options import GROUP_OF
from facecraft.options import Options
from tests.cli.conftest import FACECRAFT, Main, command_main, environment

SCHEMAS = Options.model_json_schema()["properties"]


@pytest.fixture(scope="module")
def groups() -> Mapping[str, str]:
    """What help shows of each group: its text without borders, with single spaces."""
    wide = environment() | {"COLUMNS": "200"}
    shown = subprocess.run(
        [FACECRAFT, "process", "--help"], env=wide, capture_output=True, text=True, check=True
    )
    titles = re.split(r"╭─ ([\w ]+?) ─+╮", shown.stdout)
    texts = [re.sub(r"[│╰╯─\s]+", " ", text) for text in titles[2::2]]
    return dict(zip(titles[1::2], texts, strict=True))


def test_every_field_of_options_has_a_group() -> None:
    assert set(GROUP_OF) == set(Options.model_fields)


@pytest.mark.parametrize("name", Options.model_fields)
def test_help_shows_each_option_in_its_group_with_its_default(groups: Mapping[str, str], name: str) -> None:
    option = f"--{name.replace('_', '-')}"
    shown = groups[GROUP_OF[name]].partition(f"{option} ")[2]
    assert shown, f"{option} is not in {GROUP_OF[name]}"
    default = SCHEMAS[name]["default"]
    if isinstance(default, bool):
        default = str(default).lower()
    own = shown.split(" --")[0]
    assert default is None or f"[default: {default}]" in own


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("strength", "0..1"),
        ("head", "0.05..0.95|LEAST-MOST"),
        ("width", "64..4096"),
        ("face", "largest|center|1..1000|X,Y"),
        ("faces", "all|largest|1..1000"),
        ("upscale", "1|2|4"),
        ("format", "auto|jpeg|png|webp|avif"),
    ],
)
def test_help_shows_choices_and_ranges(groups: Mapping[str, str], option: str, values: str) -> None:
    assert f"--{option} {values} " in groups[GROUP_OF[option]]


def test_help_names_commands_and_no_routes(groups: Mapping[str, str]) -> None:
    assert "`facecraft presets`" in groups["Preset"]
    assert "GET /" not in " ".join(groups.values())


def fields_of(monkeypatch: pytest.MonkeyPatch, *args: str) -> Mapping[str, Any]:
    """The fields that reach Options for some arguments of `process`."""
    received: list[Mapping[str, Any]] = []

    def record(
        _inputs: object, _path: object, fields: Mapping[str, Any], *_others: object, **_named: object
    ) -> int:
        received.append(fields)
        return 0

    monkeypatch.setattr(process_module, "_process_once", record)
    assert command_main("process", "a.jpg", "-o", "out", *args) == 0
    return received[0]


def test_only_options_that_are_given_count_as_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fields_of(monkeypatch) == {}
    assert fields_of(monkeypatch, "--strength", "1.0") == {"strength": "1.0"}


@pytest.mark.parametrize(
    ("args", "field"),
    [(("--align", "true"), {"align": "true"}), (("--require-face", "false"), {"require_face": "false"})],
    ids=str,
)
def test_a_switch_takes_true_or_false(
    monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], field: Mapping[str, str]
) -> None:
    assert fields_of(monkeypatch, *args) == field


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--strength", "7"), "The option strength is wrong"),
        (("--faces", "some"), "The option faces is wrong"),
        (("--faces", "0"), "The option faces is wrong"),
        (("--head", "0.5", "--margin", "0.2"), "head and margin"),
        (("--preset", "bodge"), "There is no preset 'bodge'. Did you mean badge? `facecraft presets`"),
    ],
)
def test_a_wrong_value_ends_with_exit_code_1_and_a_hint_that_makes_sense_here(
    main_without_models: Main,
    capsys: pytest.CaptureFixture[str],
    *,
    group_path: Path,
    tmp_path: Path,
    args: tuple[str, ...],
    message: str,
) -> None:
    assert main_without_models("process", group_path, "-o", tmp_path / "out", *args) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("facecraft: invalid_option: ")
    assert message in line
    assert "GET /" not in line
    assert "/docs" not in line
    assert not (tmp_path / "out").exists()
