"""Print a result of `facecraft bench` as Markdown."""

from collections.abc import Iterator

from facecraft.checks.bench.measure import Latency, Result


def markdown(result: Result) -> str:
    """Write a table of the stages, a table of the load, and the machine."""
    return "\n".join((*_stages(result), "", *_load(result), "", *_machine(result)))


def _stages(result: Result) -> Iterator[str]:
    runs = result.sequential
    sides = [f"{run.side_px} px" for run in runs]
    what = f"one request after another, restorer={result.restorer}, noise {result.noise:g}, p50 / p99"
    yield f"| {what} | {' | '.join(sides)} |"
    yield f"|---|{'---|' * len(sides)}"
    for name in runs[0].stages:
        yield f"| {name}, ms | {' | '.join(_cell(run.stages[name]) for run in runs)} |"
    yield f"| the whole request, ms | {' | '.join(_cell(run.total) for run in runs)} |"
    yield f"| all but the networks, ms | {' | '.join(f'{run.overhead_ms:.0f}' for run in runs)} |"
    yield f"| share of the networks | {' | '.join(f'{run.networks_share:.1%}' for run in runs)} |"


def _load(result: Result) -> Iterator[str]:
    side_px = result.sequential[0].side_px
    yield f"| clients, {side_px} px | portraits a second | of the pipeline's own rate | p50 / p99, ms |"
    yield "|---|---|---|---|"
    for run in result.concurrent:
        share = f"{run.share_of_pipeline_rate:.0%}"
        yield f"| {run.clients} | {run.rate:.3g} | {share} | {_cell(run.latency)} |"


def _machine(result: Result) -> Iterator[str]:
    requests = result.sequential[0].requests
    yield f"Facecraft {result.version}, {result.device}, {result.machine}, {result.processors} processors;"
    yield f"{requests} requests for each column; models: {', '.join(result.models)};"
    ready_gb, peak_gb = result.ready_bytes / 1e9, result.peak_bytes / 1e9
    yield f"resident memory {ready_gb:.2f} GB when ready, {peak_gb:.2f} GB at its peak."


def _cell(latency: Latency) -> str:
    return f"{latency.p50:.0f} / {latency.p99:.0f}"
