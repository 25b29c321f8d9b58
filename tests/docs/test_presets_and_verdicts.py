"""docs/presets-and-verdicts.md has every preset, rule and note."""

from typing import get_args, get_type_hints

from facecraft.judging.quality import DEFINITIONS
from facecraft.judging.rules import RULES
from facecraft.presets import presets
from facecraft.presets.presets import Preset
from facecraft.types import Note
from tests.docs.documents import page, table

TEXT = page("presets-and-verdicts.md")


def described(preset: Preset) -> list[str]:
    """A preset's row, without its title."""
    size_mm = "—" if preset.width_mm is None else f"{preset.width_mm:g} x {preset.height_mm:g}"
    yes = {True: "yes", False: "no"}
    file = preset.format.upper() + ("" if preset.max_kb is None else f", {preset.max_kb} kB")
    size_px = f"{preset.width} x {preset.height}"
    return [size_mm, size_px, yes[preset.retouching], yes[preset.replace_background], file]


def test_every_preset_is_there_with_what_it_makes() -> None:
    rows = {row[0].strip("`"): row[2:] for row in table(TEXT, "preset")}
    assert rows == {name: described(preset) for name, preset in presets.load().items()}


def test_every_rule_is_there() -> None:
    shown = {row[0].strip("`") for row in table(TEXT, "rule")}
    assert shown == {*(rule.name for rule in RULES), "background_colour"}


def test_the_limits_of_a_rule_are_those_that_are_judged() -> None:
    shown = {row[0].strip("`"): row[2] for row in table(TEXT, "rule")}
    for rule in RULES:
        least, most = rule.bounds
        if least is not None and most is not None:
            limits = f"exactly {least:g}" if least == most else f"{least:g} to {most:g}"
        elif most is not None:
            limits = f"at most {most:g}"
        elif least is not None:
            limits = f"at least {least:g}"
        else:
            continue
        assert shown[rule.name] == limits


def test_every_component_is_there() -> None:
    shown = [row[0].strip("`") for row in table(TEXT, "component")]
    assert shown == [definition.name for definition in DEFINITIONS]


def test_every_note_is_there() -> None:
    shown = {row[0].strip("`") for row in table(TEXT, "code")}
    assert shown == set(get_args(get_type_hints(Note)["code"]))
