"""`facecraft check`: check unchanged photos against rules."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from facecraft.cli import load, photos
from facecraft.cli.photos import AsJson, Photos
from facecraft.cli.table import print_table
from facecraft.errors import FacecraftError
from facecraft.options import Options
from facecraft.text import printable

if TYPE_CHECKING:
    from facecraft.types import RuleResult

HEAD = ("rule", "measured", "allowed", "result", "what is measured", "what to do")


def check(
    inputs: Photos,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Check against this preset's rules; `facecraft presets` lists the presets."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Check photos against a preset, or against good practice, rule by rule.

    No file is written. The exit code is 1 if a photo fails or cannot be checked.
    """
    options = Options() if preset is None else Options(preset=preset)
    load.preset_of(options)  # an unknown one is reported before the models are loaded
    found = photos.find(inputs)
    from facecraft.settings import Settings  # noqa: PLC0415

    entries: list[dict[str, Any]] = []
    with load.runtime(Settings.load()) as runtime:
        for photo, outcome in photos.look_at(found, lambda data: runtime.pipeline.check(data, options)):
            checked = None if isinstance(outcome, FacecraftError) else outcome
            judged: dict[str, Any] = {"verdict": None, "quality": None}
            if checked is not None:
                judged = {"verdict": checked.verdict.members(), "quality": checked.verdict.quality_members()}
            entries.append(photos.entry(photo, outcome) | judged)
            if checked is not None and not as_json:
                print(printable(f"{photo}: {checked.verdict.status}"))
                print_table(HEAD, [_row(rule) for rule in checked.verdict.rules])
                print()
    if as_json:
        print(photos.as_json(entries))
    passed = [entry["verdict"] is not None and entry["verdict"]["status"] != "fail" for entry in entries]
    return 0 if all(passed) else 1


def _row(rule: "RuleResult") -> tuple[str, ...]:
    measured = "-" if rule.value is None else f"{rule.value:g} {rule.unit}".strip()
    limited = rule.least is not None or rule.most is not None
    status = rule.status if limited else "-"
    return rule.name, measured, allowed(rule), status, rule.detail, rule.advice or ""


def allowed(rule: "RuleResult") -> str:
    """The allowed values, in words."""
    match rule.least, rule.most:
        case None, None:
            return "any"
        case None, most:
            return f"at most {most:g}"
        case least, None:
            return f"at least {least:g}"
        case least, most if least == most:
            return f"{least:g}"
        case least, most:
            return f"{least:g} to {most:g}"
