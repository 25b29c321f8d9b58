"""The verdict on a picture: each rule with its measured value and its limits."""

from collections.abc import Mapping, Sequence

from facecraft.colours import Colour
from facecraft.judging import measures
from facecraft.judging.advice import advice_on
from facecraft.judging.evidence import Evidence
from facecraft.judging.quality import assess
from facecraft.judging.rules import RULES, Rule
from facecraft.options import Options
from facecraft.ranges import as_range
from facecraft.types import Bounds, Range, RuleResult, RuleStatus, Verdict

NO_BOUNDS: Bounds = (None, None)
TOLERANCE = 0.02
"""The allowed error of a requested size, as a share of that size."""
LEAST_TOLERANCE = 0.01
"""The smallest tolerance, as a share of the portrait's height: the points of a small face vary by this
much."""


def judge(evidence: Evidence, bounds: Mapping[str, Bounds], colours: Sequence[Colour] = ()) -> Verdict:
    """Check a picture against every rule. The same picture always gets the same verdict.

    Args:
        evidence: the picture.
        bounds: limits that replace those of good practice, by name of the rule.
        colours: accepted backgrounds; empty for any.
    """
    limits = dict(bounds)
    if evidence.drift is None:
        limits |= dict.fromkeys(("drift", "likeness"), NO_BOUNDS)
    if evidence.missing is None:
        limits["inside_photo"] = NO_BOUNDS
    if evidence.file_bytes is None:
        limits["file_size"] = NO_BOUNDS
    rules = [*RULES, _background_colour(colours)] if colours else RULES
    results: dict[str, RuleResult] = {}
    for rule in rules:
        guessed = rule.needs is not None and results[rule.needs].status == "fail"
        value = None if guessed else rule.measure(evidence)
        results[rule.name] = _result(rule, limits.get(rule.name, rule.bounds), value, evidence.ends)
    return Verdict(tuple(results.values()), assess(evidence))


def bounds_of(options: Options) -> dict[str, Bounds]:
    """The limits from options without a preset, by name of the rule."""
    width, height = options.width, options.height
    targets: dict[str, Range | None] = {
        "width": None if width is None else (width, width),
        "height": None if height is None else (height, height),
        "head_height": options.head_range,
        "eye_line": as_range(options.eye_line),
    }
    return {name: _around(*target) for name, target in targets.items() if target is not None}


def _around(least: float, most: float) -> Bounds:
    return least - max(TOLERANCE * least, LEAST_TOLERANCE), most + max(TOLERANCE * most, LEAST_TOLERANCE)


def _result(rule: Rule, bounds: Bounds, value: float | None, ends: str | None) -> RuleResult:
    value = None if value is None else round(value, 4)  # judge the same value as the one that is shown
    least, most = bounds
    status: RuleStatus = "unknown"
    advice = None
    if value is not None and (least is not None or most is not None):
        too_small, too_large = least is not None and value < least, most is not None and value > most
        status = "fail" if too_small or too_large else "pass"
        if status == "fail":
            advice = advice_on(rule.name, too_small=too_small, ends=ends)
    return RuleResult(rule.name, status, value, least, most, rule.unit, rule.detail, advice)


def _background_colour(colours: Sequence[Colour]) -> Rule:
    return Rule(
        "background_colour",
        "CIE76",
        (None, 15),
        "distance of the background's colour from the nearest accepted colour",
        lambda e: None if e.background_lab is None else measures.nearest_distance(e.background_lab, colours),
    )
