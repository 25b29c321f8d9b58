import json

import pytest

from facecraft.checks.bench import measure, table
from facecraft.checks.bench.measure import ConcurrentRun, Latency, Result, SequentialRun
from facecraft.cli.main import main
from facecraft.errors import StartupError

LATENCY = Latency(p50=10.4, p99=20.6)
RESULT = Result(
    version="1.2.3",
    machine="a processor",
    processors=2,
    device="cpu, 2 threads",
    models=("centerface", "gfpgan-1.4"),
    restorer="auto",
    noise=12,
    sequential=(
        SequentialRun(
            512, 20, {"decode": LATENCY, "restore": Latency(1000, 1100)}, LATENCY, 0.987, 14.4, 0.9
        ),
        SequentialRun(
            1024, 20, {"decode": LATENCY, "restore": Latency(2000, 2100)}, LATENCY, 0.99, 36.2, 0.4
        ),
    ),
    concurrent=(ConcurrentRun(32, 64, 0.8765, 0.974, LATENCY),),
    ready_bytes=690_000_000,
    peak_bytes=1_150_000_000,
)


def test_the_tables_say_what_was_measured_and_on_what() -> None:
    lines = table.markdown(RESULT).splitlines()
    assert lines[0] == "| one request after another, restorer=auto, noise 12, p50 / p99 | 512 px | 1024 px |"
    assert "| restore, ms | 1000 / 1100 | 2000 / 2100 |" in lines
    assert "| all but the networks, ms | 14 | 36 |" in lines
    assert "| share of the networks | 98.7% | 99.0% |" in lines
    assert "| 32 | 0.876 | 97% | 10 / 21 |" in lines
    assert lines[-1] == "resident memory 0.69 GB when ready, 1.15 GB at its peak."


def test_the_99th_percentile_of_few_values_is_the_largest() -> None:
    assert measure._latency([3, 1, 2]) == Latency(p50=2, p99=3)
    assert measure._latency(range(1, 201)) == Latency(p50=100.5, p99=198)


def test_a_server_is_started_and_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--requests", "2", "--clients", "2", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [run["side_px"] for run in result["sequential"]] == list(measure.SIDES_PX)
    assert {"decode", "detect", "clean", "encode"} <= set(result["sequential"][0]["stages"])
    assert result["concurrent"][0]["requests"] == 4
    assert result["concurrent"][0]["rate"] > 0
    assert 0 < result["ready_bytes"] <= result["peak_bytes"]
    assert "centerface" in result["models"]


def test_an_answer_that_is_no_portrait_ends_the_measurement() -> None:
    with pytest.raises(StartupError, match="There is no restorer 'nonesuch'"):
        measure.run(measure.PHOTO.read_bytes(), 1, [1], "nonesuch", 0)


def test_a_server_that_does_not_start_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECRAFT_WORKERS", "many")
    with pytest.raises(StartupError, match="did not start"):
        measure.run(measure.PHOTO.read_bytes(), 1, [1], "none", 0)
