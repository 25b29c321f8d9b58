"""Runs on a real Ray cluster of several nodes on this machine."""

import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from ray.cluster_utils import Cluster

from facecraft.bulk.row import Row
from facecraft.bulk.run import Tally
from facecraft.bulk.runners import base
from facecraft.bulk.runners.ray import Pool, RayRunner
from facecraft.errors import InferenceFailed, StartupError
from tests.bulk import makers
from tests.bulk.buckets import Bucket

NODES = 2


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    made.add_node(num_cpus=2)
    yield made
    made.shutdown()


@pytest.fixture
def runner(cluster: Cluster, bucket: Bucket) -> Iterator[RayRunner]:
    with RayRunner(bucket.job, cluster.address, Pool(2, 3), makers.opened) as made:
        yield made


def test_every_photo_becomes_a_portrait_and_a_row(bucket: Bucket, runner: RayRunner) -> None:
    bucket.put("good", 100)
    bucket.put("faceless", 3)
    tally, rows = bucket.run(runner)
    assert (tally.photos, tally.done, tally.failed) == (103, 100, 3)
    assert len({row.entry.file for row in rows}) == len(rows) == 103
    assert len(bucket.made()) == 100
    again, nothing = bucket.run(runner)
    assert (again.before, nothing) == (103, [])


def test_photos_that_end_their_actor_are_lost_and_take_no_other_with_them(
    bucket: Bucket, runner: RayRunner
) -> None:
    bucket.put("slow", 40)
    bucket.put("kill", 2)
    _, rows = bucket.run(runner)
    assert Counter(row.code for row in rows) == {None: 40, "worker_lost": 2}
    assert {row.entry.file for row in rows if row.code} == {"kill-000.jpg", "kill-001.jpg"}
    assert len({row.entry.file for row in rows}) == len(rows) == 42


def test_an_actor_that_is_killed_loses_nothing(bucket: Bucket, runner: RayRunner) -> None:
    bucket.put("slow", 60)
    killed: list[int] = []

    def told(tally: Tally, rows: Sequence[Row]) -> None:
        if tally.worked == 5 and not killed:
            killed.append(int(rows[0].worker.rpartition("-")[2]))
            os.kill(killed[0], signal.SIGKILL)

    tally, rows = bucket.run(runner, told=told)
    assert killed
    assert tally.done == len({row.entry.file for row in rows}) == len(rows) == 60


def test_a_node_that_goes_loses_nothing(cluster: Cluster, bucket: Bucket, runner: RayRunner) -> None:
    bucket.put("slow", 60)
    node = cluster.add_node(num_cpus=2)
    gone: list[bool] = []

    def told(tally: Tally, rows: Sequence[Row]) -> None:
        if tally.worked == 5 and not gone:
            gone.append(True)
            cluster.remove_node(node, allow_graceful=False)

    tally, rows = bucket.run(runner, told=told)
    assert gone
    assert tally.done == len({row.entry.file for row in rows}) == len(rows) == 60


def test_a_photo_that_hangs_is_lost(
    bucket: Bucket, runner: RayRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("good", 10)
    bucket.put("hang", 1)
    runner.models()
    monkeypatch.setattr(base, "STALL_S", 15.0)
    _, rows = bucket.run(runner)
    assert Counter(row.code for row in rows) == {None: 10, "worker_lost": 1}


def test_actors_without_models_end_the_run(cluster: Cluster, bucket: Bucket) -> None:
    with RayRunner(bucket.job, cluster.address, Pool(), makers.broken) as runner, pytest.raises(StartupError):
        runner.models()


def test_without_a_cluster_it_is_said(bucket: Bucket) -> None:
    with pytest.raises(InferenceFailed, match=r"There is no Ray cluster at 127\.0\.0\.1:9"):
        RayRunner(bucket.job, "127.0.0.1:9", Pool())
