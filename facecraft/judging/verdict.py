"""Whether a portrait is what its preset, or good practice, asks for: rule by rule, with what was measured."""

from collections.abc import Mapping

from facecraft.finishing import background, frame
from facecraft.judging import measures
from facecraft.judging.rules import RULES, Evidence, Limits, Rule
from facecraft.options import Options
from facecraft.presets.reader import Preset
from facecraft.types import RuleResult, RuleStatus, Verdict

TOLERANCE = 0.02
"""Of a size that was asked for without a range: how far off it may be."""
LEAST_SLACK = 0.01
"""Of a share of the height: what the points scatter by in a small one."""


def judge(subject: Evidence, preset: Preset | None, wanted: Mapping[str, float] | None = None) -> Verdict:
    """Hold every rule against a picture. The same picture gives the same verdict.

    Args:
        subject: the picture.
        preset: whose rules it is to keep; None for good practice alone.
        wanted: what was asked for in place of a preset's rule, by the name of the rule.
    """
    limits = {**_limits_of(preset), **_exactly(wanted or {})}
    if subject.drift is None:
        limits |= dict.fromkeys(("drift", "likeness"), (None, None))
    if subject.file_bytes is None:
        limits["file_size"] = (None, None)
    if preset is not None:
        colours = [background.colour(each) for each in preset.background]
        measured = [*RULES, _background_colour(colours)]
    else:
        measured = list(RULES)
    return Verdict(tuple(_rule(each, limits.get(each.name, each.limits), subject) for each in measured))


def wanted_by(options: Options) -> dict[str, float]:
    """What these options ask for, by the name of the rule."""
    if options.preset is not None:
        return {}
    asked = {
        "width": options.width,
        "height": options.height,
        "head_height": frame.head_share(options),
        "eye_line": options.eye_line,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _rule(rule: Rule, limits: Limits, subject: Evidence) -> RuleResult:
    value = rule.measure(subject)
    value = None if value is None else round(value, 4)  # what is shown is what is judged
    least, most = limits
    status: RuleStatus = "unknown"
    if value is not None and (least is not None or most is not None):
        within = (least is None or value >= least) and (most is None or value <= most)
        status = "pass" if within else "fail"
    return RuleResult(rule.name, status, value, least, most, rule.unit, rule.detail)


def _limits_of(preset: Preset | None) -> dict[str, Limits]:
    if preset is None:
        return {}
    return {
        "width": (preset.width, preset.width),
        "height": (preset.height, preset.height),
        "head_height": preset.head,
        "eye_line": preset.eye_line or (None, None),
        "top_margin": preset.top_margin or (None, None),
        "file_size": (None, preset.max_kb),
        "retouched": (None, None if preset.retouching else 0),
    }


def _exactly(wanted: Mapping[str, float]) -> dict[str, Limits]:
    slack = {name: max(TOLERANCE * value, LEAST_SLACK) for name, value in wanted.items()}
    return {name: (value - slack[name], value + slack[name]) for name, value in wanted.items()}


def _background_colour(colours: list[background.Colour]) -> Rule:
    return Rule(
        "background_colour",
        "CIE76",
        (None, 15),
        "distance of the background's colour from the nearest that is accepted",
        lambda s: None if s.behind is None else measures.distance_from(s.behind, colours),
    )
