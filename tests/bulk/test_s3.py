"""Runs over a real bucket, whose server freezes or is killed."""

import io
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from facecraft.bulk import storage
from facecraft.bulk.plan import Shard
from facecraft.bulk.runners.local import LocalRunner
from facecraft.bulk.storage import Storage, StorageFailed
from tests.bulk import makers, s3
from tests.bulk.buckets import Bucket
from tests.bulk.s3 import S3


@pytest.fixture
def runner(s3_bucket: Bucket) -> Iterator[LocalRunner]:
    with LocalRunner(s3_bucket.job, processes=2, opened=makers.opened) as made:
        yield made


def test_objects_are_listed_read_and_written(s3_bucket: Bucket) -> None:
    photos = s3_bucket.photos
    photos.write("sub/ph öto%41.jpg", b"pixels")
    ((found,),) = photos.pages()
    assert (found.key, photos.read(found.key)) == ("sub/ph öto%41.jpg", b"pixels")
    photos.write(found.key, b"others")
    ((changed,),) = photos.pages()
    assert changed.stamp != found.stamp
    with pytest.raises(storage.ObjectMissing):
        photos.read("gone.jpg")


def test_a_listing_has_every_page(s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PAGE", 7)
    s3_bucket.put("good", 20)
    found = [each.key for page in s3_bucket.photos.pages() for each in page]
    assert len(found) == len(set(found)) == 20


def test_a_bucket_is_done_with_its_manifest_and_once(s3_bucket: Bucket, runner: LocalRunner) -> None:
    s3_bucket.put("good", 30)
    s3_bucket.put("faceless", 2)
    s3_bucket.put("kill", 1)
    manifest = f"{s3_bucket.job.target}/all.parquet"
    tally, rows = s3_bucket.run(runner, manifest=manifest)
    assert Counter(row.code for row in rows) == {None: 30, "no_face_found": 2, "worker_lost": 1}
    again, nothing = s3_bucket.run(runner, manifest=manifest)
    assert (again.before, nothing) == (33, [])
    table = pq.read_table(io.BytesIO(s3_bucket.portraits.read("all.parquet")))
    assert sorted(table["file"].to_pylist()) == sorted(row.entry.file for row in rows)
    assert tally.photos == 33


def test_shards_make_every_portrait_once(s3_bucket: Bucket, runner: LocalRunner) -> None:
    s3_bucket.put("good", 40)
    rows = [row for number in range(3) for row in s3_bucket.run(runner, shard=Shard(number, 3))[1]]
    assert len({row.entry.file for row in rows}) == len(rows) == 40
    assert len(s3_bucket.made()) == 40


def test_a_server_that_is_frozen_for_a_while_loses_nothing(
    s3_bucket: Bucket, s3_server: S3, runner: LocalRunner
) -> None:
    s3_bucket.put("slow", 40)
    runner.models()

    def freeze() -> None:
        time.sleep(0.5)
        with s3_server.frozen():
            time.sleep(3)

    freezing = threading.Thread(target=freeze)
    freezing.start()
    tally, rows = s3_bucket.run(runner)
    freezing.join()
    assert (tally.done, tally.failed) == (40, 0)
    assert len({row.entry.file for row in rows}) == 40


def test_a_server_that_is_killed_and_comes_back_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = s3.free_ports()
    with s3.running(tmp_path, ports) as first:
        for name, value in first.environment.items():
            monkeypatch.setenv(name, value)
        bucket = Bucket("s3://killed")
        bucket.put("slow", 40)
        with LocalRunner(bucket.job, processes=2, opened=makers.opened) as runner:
            runner.models()
            back = threading.Thread(target=restart, args=(first, tmp_path, ports, done := threading.Event()))
            back.start()
            tally, rows = bucket.run(runner)
            made = bucket.made()
            done.set()
            back.join()
    assert (tally.done, tally.failed, len(made)) == (40, 0, 40)
    assert len({row.entry.file for row in rows}) == 40


def restart(server: S3, folder: Path, ports: dict[str, int], done: threading.Event) -> None:
    time.sleep(0.5)
    server.process.kill()
    server.process.wait()
    with s3.running(folder, ports):
        done.wait()


def test_without_a_server_the_run_ends_and_says_why(
    s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(storage, "RETRIES_S", 1)
    gone = Storage("s3://gone/in")
    with pytest.raises(StorageFailed, match="s3://gone/in cannot be listed"):
        list(gone.pages())
    with pytest.raises(StorageFailed, match="cannot be read"):
        gone.read("a.jpg")
