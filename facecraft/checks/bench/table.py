"""A result as Markdown: what `facecraft bench` prints, and the README shows."""

from collections.abc import Iterator

from facecraft.checks.bench.measure import Latency, Result


def markdown(result: Result) -> str:
    """Two tables, and what they were measured on."""
    return "\n".join((*_stages(result), "", *_loads(result), "", *_measured_on(result)))


def _stages(result: Result) -> Iterator[str]:
    sides = [f"{each.side_px} px" for each in result.lone]
    yield f"| one request after another, {result.restorer}, p50 / p99 | {' | '.join(sides)} |"
    yield f"|---|{'---|' * len(sides)}"
    for name in result.lone[0].stages:
        yield f"| {name}, ms | {' | '.join(_both(each.stages[name]) for each in result.lone)} |"
    yield f"| the whole request, ms | {' | '.join(_both(each.total) for each in result.lone)} |"
    yield f"| all but the networks, ms | {' | '.join(f'{each.overhead_ms:.0f}' for each in result.lone)} |"
    shares = " | ".join(f"{each.networks_share:.1%}" for each in result.lone)
    yield f"| share of the networks | {shares} |"


def _loads(result: Result) -> Iterator[str]:
    side_px = result.lone[0].side_px
    yield f"| clients, {side_px} px | portraits a second | of the pipeline's own rate | p50 / p99, ms |"
    yield "|---|---|---|---|"
    for each in result.loads:
        cells = (
            str(each.clients), f"{each.rate:.3g}", f"{each.share_of_own_rate:.0%}", _both(each.latency)
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def _measured_on(result: Result) -> Iterator[str]:
    requests = result.lone[0].requests
    yield f"Facecraft {result.version}, {result.device}, {result.machine}, {result.processors} processors;"
    yield f"{requests} requests for each column; models: {', '.join(result.models)};"
    ready, peak = result.ready_bytes / 1e9, result.peak_bytes / 1e9
    yield f"resident memory {ready:.2f} GB when ready, {peak:.2f} GB at its peak."


def _both(latency: Latency) -> str:
    return f"{latency.p50:.0f} / {latency.p99:.0f}"
