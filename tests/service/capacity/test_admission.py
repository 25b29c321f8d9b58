import asyncio
import hashlib
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from statistics import median

import httpx
import pytest

from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.service.capacity import admission
from tests.portraits import BLANK

Serve = Callable[..., httpx.Client]

PATIENCE_S = 5
CIRCLE_BYTES = 50_000_000


class Gate:
    """A pipeline whose portraits are in work until it is opened; each file is a name that it keeps."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._open = threading.Event()

    def __call__(self, data: bytes, options: Options) -> Portrait:
        self.begun.append(data.decode())
        assert self._open.wait(PATIENCE_S)
        return portrait(data)

    def open(self) -> None:
        self._open.set()

    def await_begun(self, count: int) -> None:
        patience = time.monotonic() + PATIENCE_S
        while len(self.begun) < count:
            assert time.monotonic() < patience
            time.sleep(0.005)


def portrait(data: bytes) -> Portrait:
    return replace(BLANK, data=data, format="png")


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def clients() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def post(client: httpx.Client, name: str) -> httpx.Response:
    return client.post("/process", files={"file": name.encode()})


def post_in_turn(
    clients: ThreadPoolExecutor, client: httpx.Client, *names: str
) -> list[Future[httpx.Response]]:
    answers = []
    for name in names:
        answers.append(clients.submit(post, client, name))
        time.sleep(0.1)  # so that they arrive in this order
    return answers


def test_no_more_portraits_are_in_work_than_there_are_workers(
    serve: Serve, gate: Gate, clients: ThreadPoolExecutor
) -> None:
    client = serve(gate, workers=2, queue_size=1)
    answers = post_in_turn(clients, client, "a", "b", "c")
    assert gate.begun == ["a", "b"]
    gate.open()
    assert [answer.result().text for answer in answers] == ["a", "b", "c"]
    assert gate.begun == ["a", "b", "c"]


def test_the_queue_takes_as_many_as_it_may_and_refuses_the_next(
    serve: Serve, gate: Gate, clients: ThreadPoolExecutor
) -> None:
    client = serve(gate, workers=1, queue_size=2)
    answers = post_in_turn(clients, client, "a", "b", "c")
    response = post(client, "d")
    assert response.status_code == 503
    assert response.json()["code"] == "queue_full"
    assert response.json()["limit"] == 2
    assert response.headers["Retry-After"] == "1"  # nothing was measured yet
    gate.open()
    assert [answer.result().status_code for answer in answers] == [200, 200, 200]
    assert "d" not in gate.begun


def test_retry_after_is_how_long_the_queue_will_take(
    serve: Serve, gate: Gate, clients: ThreadPoolExecutor
) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        if data == b"measured":
            time.sleep(1.2)
            return portrait(data)
        return gate(data, options)

    client = serve(process, workers=1, queue_size=2)
    post(client, "measured")
    answers = post_in_turn(clients, client, "a", "b", "c")
    assert post(client, "d").headers["Retry-After"] == "3"  # two wait, 1.2 s each
    gate.open()
    assert all(answer.result().status_code == 200 for answer in answers)


def test_past_the_deadline_a_request_is_given_up_and_never_runs(
    serve: Serve, gate: Gate, clients: ThreadPoolExecutor
) -> None:
    client = serve(gate, workers=1, queue_size=1, deadline_s=0.4)
    running, waiting = post_in_turn(clients, client, "running", "waiting")
    for answer in (running, waiting):
        response = answer.result()
        assert response.status_code == 504
        assert response.json()["code"] == "deadline_exceeded"
        assert response.json()["limit"] == 0.4
    gate.open()
    assert post(client, "next").status_code == 200
    assert gate.begun == ["running", "next"]


def test_what_runs_past_its_deadline_keeps_its_worker(serve: Serve, gate: Gate) -> None:
    client = serve(gate, workers=1, queue_size=0, deadline_s=0.2)
    assert post(client, "running").status_code == 504
    assert post(client, "refused").json()["code"] == "queue_full"
    gate.open()
    time.sleep(0.1)
    assert post(client, "next").status_code == 200


def test_a_client_that_leaves_the_queue_costs_no_inference(
    serve: Serve, gate: Gate, clients: ThreadPoolExecutor
) -> None:
    client = serve(gate, workers=1, queue_size=1)
    (running,) = post_in_turn(clients, client, "running")
    impatient = httpx.Client(base_url=client.base_url, trust_env=False, timeout=0.2)
    with impatient, pytest.raises(httpx.ReadTimeout):
        post(impatient, "left")
    time.sleep(0.1)
    (last,) = post_in_turn(clients, client, "last")  # there is room again
    gate.open()
    assert (running.result().status_code, last.result().status_code) == (200, 200)
    assert gate.begun == ["running", "last"]


def test_health_answers_at_once_while_eight_portraits_are_in_work(
    serve: Serve, clients: ThreadPoolExecutor
) -> None:
    stop = threading.Event()

    def burn(data: bytes, options: Options) -> Portrait:
        if data in {b"0", b"1"}:  # more would measure how fair the machine's scheduler is
            while not stop.is_set():
                hashlib.pbkdf2_hmac("sha256", data, b"salt", 100_000)  # without the interpreter's lock
        assert stop.wait(PATIENCE_S)
        return portrait(data)

    client = serve(burn, workers=8)
    answers = [clients.submit(post, client, str(number)) for number in range(8)]
    time.sleep(0.3)
    times_s = []
    for _ in range(21):
        start = time.perf_counter()
        assert client.get("/health").status_code == 200
        times_s.append(time.perf_counter() - start)
    stop.set()
    assert [answer.result().status_code for answer in answers] == [200] * 8
    assert median(times_s) < 0.05


def test_nothing_is_freed_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "REST_S", 0.1)
    failures: list[object] = []

    async def work_until_the_end() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: failures.append(told))
        admitted = admission.Admission(workers=1, queue_size=0, deadline_s=5)
        working = asyncio.create_task(admitted.run(lambda: time.sleep(0.2)))
        await asyncio.sleep(0.05)
        await admitted.close()
        await working
        await asyncio.sleep(0.2)

    asyncio.run(work_until_the_end())
    assert failures == []


@pytest.mark.usefixtures("traced")
def test_what_ended_in_a_circle_of_references_is_freed_at_rest(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        circle: list[object] = [bytes(CIRCLE_BYTES)]
        circle.append(circle)
        return portrait(data)

    monkeypatch.setattr(admission, "REST_S", 0.2)
    post(serve(process), "a")
    assert tracemalloc.get_traced_memory()[0] > CIRCLE_BYTES
    patience = time.monotonic() + PATIENCE_S
    while tracemalloc.get_traced_memory()[0] > CIRCLE_BYTES / 10:
        assert time.monotonic() < patience
        time.sleep(0.05)
