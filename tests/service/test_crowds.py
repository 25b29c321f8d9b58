"""Many faces over HTTP: a real photo, a real detector, and a restorer that takes 0.25 s for a face."""

import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import cast

import httpx
import pytest

from facecraft.api import Facecraft
from facecraft.bootstrap import Runtime
from facecraft.imaging.limits import Limits
from facecraft.pipeline.pipeline import Pipeline
from facecraft.restoration.batching import BatchingRestorer
from facecraft.settings import Settings
from facecraft.types import FaceCrop, RGBImage
from facecraft.weights.lockfile import Lock
from tests.conftest import Encode
from tests.portraits import collage
from tests.service.conftest import FakeFacecraft, running

FACE_S = 0.25
CROWD = 20
Serve = Callable[..., httpx.Client]


class Slow:
    """A restorer that takes its time and changes nothing."""

    name = "slow"
    face_size_px = 512
    takes_fidelity = False

    def input_side_px(self, source_px: float) -> int:
        return self.face_size_px

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        time.sleep(FACE_S * len(crops))
        return [crop.image for crop in crops]


@pytest.fixture
def serve(loaded: Runtime) -> Iterator[Serve]:
    """Starts services with the slow restorer, two workers and these settings."""

    def load(settings: Settings, lock: Lock) -> Facecraft:
        restorer = BatchingRestorer(Slow(), 1, 0)
        restorer.run_blank(1)
        limits = Limits(settings.max_upload_bytes, settings.max_pixels, 1, 100, settings.max_faces)
        pipeline = Pipeline(replace(loaded.pipeline.models, restorers={"slow": restorer}), {}, limits)
        runtime = replace(loaded, pipeline=pipeline, workers=2, deadline_s=settings.deadline_s)
        return cast("Facecraft", FakeFacecraft(runtime))

    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(running(load, **settings))


@pytest.fixture(scope="module")
def crowd(astronaut: RGBImage, png: Encode) -> bytes:
    return png(collage(astronaut, 5, 4))


def post(client: httpx.Client, photo: bytes, **fields: str) -> httpx.Response:
    return client.post("/process", files={"file": photo}, data={"restorer": "slow", **fields})


def restore_s(response: httpx.Response) -> float:
    stages = dict(stage.split(";dur=") for stage in response.headers["Server-Timing"].split(", "))
    return float(stages["restore"]) / 1000


def await_restoration(client: httpx.Client) -> None:
    """Wait until the first face is restored; the blank one at the start is counted too."""
    patience = time.monotonic() + 30
    while 'facecraft_batch_faces_count{restorer="slow"} 1.0' in client.get("/metrics").text:
        assert time.monotonic() < patience
        time.sleep(0.01)


def test_a_crowd_that_cannot_be_done_in_time_is_refused_at_once(serve: Serve, crowd: bytes) -> None:
    client = serve(deadline_s=4)
    start = time.perf_counter()
    response = post(client, crowd)
    took_s = time.perf_counter() - start
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "too_many_faces")
    told = r"20 faces take about \d seconds, but the portrait must be finished within 4\."
    assert re.fullmatch(told, problem["detail"])
    assert 10 <= problem["limit"] <= 16
    assert problem["hint"].startswith("Use faces=largest, or faces=1")
    assert took_s < 4
    assert post(client, crowd, faces="largest").headers["X-Facecraft-Restored"] == "1"
    advised = problem["hint"].split("faces=")[2].split()[0]
    response = post(client, crowd, faces=advised)
    assert (response.status_code, response.headers["X-Facecraft-Restored"]) == (200, advised)
    assert response.headers["X-Facecraft-Faces"] == "20"


def test_a_crowd_over_the_limit_is_refused_and_the_largest_of_it_are_restored(
    serve: Serve, crowd: bytes
) -> None:
    client = serve(deadline_s=60, max_faces=3)
    problem = post(client, crowd).json()
    assert (problem["code"], problem["limit"]) == ("too_many_faces", 3)
    assert problem["detail"] == "20 faces would be restored; at most 3 are."
    assert problem["hint"] == "Use faces=largest, or faces=3 for the 3 largest."
    assert post(client, crowd, faces="3").headers["X-Facecraft-Restored"] == "3"
    assert post(client, crowd, faces="4").json()["code"] == "too_many_faces"
    assert post(client, crowd, restorer="none").status_code == 200


def test_a_lone_face_after_a_crowd_waits_for_two_of_its_faces_at_most(
    serve: Serve, crowd: bytes, astronaut: RGBImage, png: Encode
) -> None:
    client = serve(deadline_s=60)
    with ThreadPoolExecutor(1) as pool:
        many = pool.submit(post, client, crowd)
        await_restoration(client)
        alone = post(client, png(astronaut))
        assert not many.done()
        assert (alone.status_code, many.result().status_code) == (200, 200)
    assert restore_s(alone) < 4 * FACE_S  # what is left of a face, a face of the crowd, and its own
    assert restore_s(many.result()) > CROWD * FACE_S


def test_a_second_crowd_that_would_come_too_late_is_told_when_to_come_again(
    serve: Serve, crowd: bytes
) -> None:
    client = serve(deadline_s=8)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, client, crowd)
        await_restoration(client)
        second = post(client, crowd)
        assert (second.status_code, second.json()["code"]) == (503, "queue_full")
        assert 1 <= int(second.headers["Retry-After"]) <= 4
        assert "faces=largest" in second.json()["hint"]
        assert post(client, crowd, faces="2").status_code == 200
        assert first.result().status_code == 200
    assert post(client, crowd).status_code == 200


def test_in_a_batch_a_crowd_is_an_entry_and_the_rest_goes_on(
    serve: Serve, crowd: bytes, astronaut: RGBImage, png: Encode
) -> None:
    client = serve(deadline_s=4)
    photos = [("file", (name, photo)) for name, photo in (("a.png", crowd), ("b.png", png(astronaut)))]
    archive = zipfile.ZipFile(
        io.BytesIO(client.post("/batch", files=photos, data={"restorer": "slow"}).content)
    )
    files = json.loads(archive.read("manifest.json"))["files"]
    assert [(file["file"], file["status"]) for file in files] == [("a.png", "failed"), ("b.png", "done")]
    assert files[0]["problem"]["code"] == "too_many_faces"
