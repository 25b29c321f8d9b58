"""presets.toml is read strictly: whatever is not understood stops the start, with the preset's name."""

from importlib.resources import files

import pytest

from facecraft.errors import PresetInvalid
from facecraft.presets import presets

GOOD = """
[mine]
title = "Mine"
width_px = 600
height_px = 800
head = [0.5, 0.6]
background = ["white"]
replace_background = true
retouching = true
format = "jpeg"
source = "https://example.org/rule"
date = 2026-01-01
"""


def test_a_preset_of_pixels_is_read() -> None:
    preset = presets.read(GOOD)["mine"]
    assert (preset.width, preset.height, preset.dpi, preset.max_kb) == (600, 800, None, None)


def test_a_preset_of_millimetres_gets_its_pixels_from_its_dpi() -> None:
    text = GOOD.replace("width_px = 600", "width_mm = 25.4").replace(
        "height_px = 800", "height_mm = 50.8\ndpi = 300"
    )
    preset = presets.read(text)["mine"]
    assert (preset.width, preset.height) == (300, 600)


def test_the_presets_of_the_package_are_read_once() -> None:
    assert presets.load() is presets.load()
    text = files("facecraft.presets").joinpath("presets.toml").read_text("utf-8")
    assert dict(presets.read(text)) == dict(presets.load())


WRONG = [
    ("an unknown key", 'title = "Mine"', 'title = "Mine"\nheigth = 5', "heigth"),
    ("no title", 'title = "Mine"', "", "title"),
    ("a format that is not written", '"jpeg"', '"tiff"', "format"),
    ("a colour that is none", '["white"]', '["whit"]', "background"),
    ("no colour at all", '["white"]', "[]", "background"),
    ("a range upside down", "[0.5, 0.6]", "[0.6, 0.5]", "head"),
    ("a share over 1", "[0.5, 0.6]", "[0.5, 1.6]", "head"),
    ("a head that no request may have", "[0.5, 0.6]", "[0.96, 0.98]", "head"),
    ("a range of one value", "[0.5, 0.6]", "[0.5]", "head"),
    ("a width outside its range", "width_px = 600", "width_px = 6", "width_px"),
    (
        "two ways to say the size",
        "width_px = 600",
        "width_px = 600\nwidth_mm = 30\nheight_mm = 40\ndpi = 300",
        "width_mm",
    ),
    ("half a size", "width_px = 600", "", "width_mm"),
    ("text in place of a number", "width_px = 600", 'width_px = "wide"', "width_px"),
    ("a number as text", "width_px = 600", 'width_px = "600"', "width_px"),
    ("a number as a switch", "retouching = true", "retouching = 1", "retouching"),
    ("a word as a switch", "replace_background = true", 'replace_background = "yes"', "replace_background"),
    ("text in a range", "[0.5, 0.6]", '["0.5", 0.6]', "head"),
    ("a date as text", "2026-01-01", '"2026-01-01"', "date"),
    ("a file limit of nothing", "retouching = true", "retouching = true\nmax_kb = 0", "max_kb"),
    ("a date that is none", "2026-01-01", '"soon"', "date"),
    ("a source that is no address", "https://example.org/rule", "hearsay", "source"),
]


@pytest.mark.parametrize(("old", "new", "field"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_wrong_field_stops_the_start_with_the_presets_name(old: str, new: str, field: str) -> None:
    assert old in GOOD
    with pytest.raises(PresetInvalid, match=r"The preset mine is wrong") as refused:
        presets.read(GOOD.replace(old, new))
    assert field in refused.value.detail


def test_what_is_no_table_and_what_is_no_toml_are_refused() -> None:
    with pytest.raises(PresetInvalid, match="mine is wrong"):
        presets.read("mine = 1")
    with pytest.raises(PresetInvalid, match="not valid TOML"):
        presets.read("[mine")
