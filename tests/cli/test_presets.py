"""`facecraft presets`."""

import json

import pytest

from facecraft.cli import load
from facecraft.cli.presets import FIELDS
from facecraft.presets.presets import Preset
from facecraft.service.response.schemas import PresetBody, PresetsBody
from tests.cli.conftest import Main, run

Capture = pytest.CaptureFixture[str]


def test_every_preset_is_a_line_of_a_table() -> None:
    result = run("presets")
    assert result.returncode == 0
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["name", "title", "size", "print", "file"]
    assert [row.split()[0] for row in rows] == list(load.presets())
    (badge,) = (row for row in rows if row.startswith("badge "))
    assert "328 x 437 px" in badge
    assert "\x1b" not in result.stdout


def test_one_preset_is_shown_with_its_rules_and_their_source(
    main_without_models: Main, capsys: Capture
) -> None:
    assert main_without_models("presets", "us-passport") == 0
    shown = capsys.readouterr().out
    for part in (
        "United States passport",
        "600 x 600 px",
        "50.0% to 68.8% of the height",
        "white, whitesmoke, snow, never replaced",
        "forbidden, so the face is not restored",
        "https://",
    ):
        assert part in shown


def test_json_has_what_http_answers(main_without_models: Main, capsys: Capture) -> None:
    assert main_without_models("presets", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert [preset["name"] for preset in answer["presets"]] == list(load.presets())
    assert set(FIELDS) == set(PresetBody.model_fields)
    body = PresetsBody(presets=[PresetBody.model_validate(each) for each in load.presets().values()])
    assert answer == json.loads(body.model_dump_json())


def test_json_has_every_field_of_a_preset() -> None:
    size_px = {"width_px", "height_px"}  # one way to give the size, which is always in pixels in the answer
    assert set(FIELDS) == set(Preset.model_fields) - size_px | {"width", "height"}


def test_json_of_one_preset(main_without_models: Main, capsys: Capture) -> None:
    assert main_without_models("presets", "badge", "--json") == 0
    assert [preset["name"] for preset in json.loads(capsys.readouterr().out)["presets"]] == ["badge"]


def test_an_unknown_preset_is_reported_with_the_nearest(main_without_models: Main, capsys: Capture) -> None:
    assert main_without_models("presets", "bodge") == 1
    assert "There is no preset 'bodge'. Did you mean badge? `facecraft presets`" in capsys.readouterr().err
