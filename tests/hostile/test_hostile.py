"""A real server with the default models, and files that were made to harm it."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facecraft.checks.bench.server import Server, serving
from tests.hostile.files import files, portrait, with_size
from tests.hostile.kinds import Hostile
from tests.hostile.modes import MODES

SLOWEST_S = 5
GROWTH_MB = 512
MUTATIONS = int(os.environ.get("MUTATIONS", "200"))  # 2000 for a night
INTERNALS = re.compile(
    r"Traceback|File \"|/site-packages|0x[0-9a-f]{8}|/tmp/|/home/|/root/|\bPIL\b|\bcv2\b|numpy"
)
KINDS_OF_DAMAGE = ("flip", "set", "cut", "drop", "repeat", "swap")
# What is hostile is the decoding: a restorer's time would only hide it, and so would a missing face.
FIELDS = {"restorer": "none", "require_face": "false", "keep_metadata": "gps"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        running.ready()
        post(running, portrait("JPEG"))  # allocates what every request needs
        yield running


def post(server: Server, data: bytes, **fields: str) -> httpx.Response:
    url = f"http://127.0.0.1:{server.port}/process"
    form = FIELDS | fields
    return httpx.post(url, files={"file": ("photo", data)}, data=form, timeout=60, trust_env=False)


def reset_peak(server: Server) -> None:
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")


def survives(server: Server, data: bytes, **fields: str) -> httpx.Response:
    """Post it; whatever it is, the answer is prompt, says nothing internal, and costs little memory."""
    reset_peak(server)
    before, _ = server.memory_bytes()
    start = perf_counter()
    response = post(server, data, **fields)
    assert perf_counter() - start < SLOWEST_S
    _, peak = server.memory_bytes()
    assert (peak - before) / 2**20 < GROWTH_MB
    assert response.status_code < 500, response.text
    if response.status_code != 200:
        assert response.headers["Content-Type"] == "application/problem+json"
        assert not INTERNALS.search(response.text), response.text
    health = httpx.get(f"http://127.0.0.1:{server.port}/health", timeout=5, trust_env=False)
    assert health.status_code == 200
    return response


KINDS = list(files())


def test_there_are_enough_kinds() -> None:
    assert len({each.name for each in KINDS}) == len(KINDS) >= 60


@pytest.mark.parametrize("hostile", KINDS, ids=lambda each: each.name)
def test_it_gets_the_answer_it_must(server: Server, hostile: Hostile) -> None:
    assert survives(server, hostile.make()).status_code in hostile.statuses


LARGE = [
    ("200 megapixels of nothing", lambda: with_size(16_000, 12_500), 400),
    ("200 megapixels of nothing, progressive", lambda: with_size(16_000, 12_500, progressive=True), 413),
    ("150 megapixels of nothing, progressive", lambda: with_size(15_000, 10_000, progressive=True), 400),
    ("more than 200 megapixels", lambda: with_size(16_000, 12_501), 413),
    ("a side of 65500", lambda: with_size(65_500, 3), 400),
]


@pytest.mark.parametrize(("make", "status"), [row[1:] for row in LARGE], ids=[row[0] for row in LARGE])
def test_a_jpeg_that_claims_to_be_large_is_refused_where_it_would_be_decoded_smaller(
    server: Server, make: Callable[[], bytes], status: int
) -> None:
    assert survives(server, make(), width="300").status_code == status


@settings(
    max_examples=MUTATIONS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(
    format_=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 64),
    kind=st.sampled_from(KINDS_OF_DAMAGE),
)
def test_a_mutated_portrait_harms_nothing(
    server: Server, format_: str, seed: int, count: int, kind: str
) -> None:
    survives(server, mutated(portrait(format_), np.random.default_rng(seed), count, kind))


@pytest.mark.parametrize("mode", MODES)
def test_no_mutation_of_a_mode_harms(server: Server, mode: str) -> None:
    """As the page sends it: what is hostile is the decoding, and this route does nothing else."""
    data, rng = MODES[mode](), np.random.default_rng(sum(mode.encode()))
    reset_peak(server)
    before, _ = server.memory_bytes()
    url = f"http://127.0.0.1:{server.port}/preview"
    with httpx.Client(timeout=60, trust_env=False) as client:
        assert client.post(url, files={"file": data}).status_code == 200
        for number in range(MUTATIONS):
            harm = mutated(data, rng, int(rng.integers(1, 65)), KINDS_OF_DAMAGE[number % 6])
            if number % 2:  # most of what a decoder believes is at the start
                harm = mutated(data[:600], rng, int(rng.integers(1, 9)), "set") + data[600:]
            start = perf_counter()
            response = client.post(url, files={"file": harm})
            assert perf_counter() - start < SLOWEST_S
            assert response.status_code < 500, response.text
            if response.status_code != 200:
                assert not INTERNALS.search(response.text), response.text
        assert client.get(f"http://127.0.0.1:{server.port}/health").status_code == 200
    _, peak = server.memory_bytes()
    assert (peak - before) / 2**20 < GROWTH_MB


def mutated(data: bytes, rng: np.random.Generator, count: int, kind: str) -> bytes:
    """The data after one kind of damage."""
    changed = bytearray(data)
    at = int(rng.integers(0, len(data)))
    if kind == "flip":
        for place in rng.integers(0, len(data), count):
            changed[place] ^= 1 << int(rng.integers(0, 8))
    elif kind == "set":
        for place in rng.integers(0, len(data), count):
            changed[place] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF]))
    elif kind == "cut":
        del changed[at:]
    elif kind == "drop":
        del changed[at : at + count]
    elif kind == "repeat":
        changed[at:at] = changed[at : at + 16] * count
    else:
        changed[at : at + count] = changed[at : at + count][::-1]
    return bytes(changed)
