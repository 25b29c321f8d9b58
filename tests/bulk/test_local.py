"""Processes that make portraits and may die: nothing is lost, and nothing is done twice."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from facecraft.bulk.run import Tally
from facecraft.bulk.runners import base
from facecraft.bulk.runners.local import LocalRunner
from facecraft.bulk.storage import StorageFailed
from facecraft.errors import InferenceFailed, StartupError
from tests.bulk import makers
from tests.bulk.buckets import Bucket


@pytest.fixture
def runner(bucket: Bucket) -> Iterator[LocalRunner]:
    with LocalRunner(bucket.job, processes=2, opened=makers.opened) as made:
        yield made


def test_every_photo_becomes_a_portrait_and_a_row(bucket: Bucket, runner: LocalRunner) -> None:
    bucket.put("good", 100)
    bucket.put("faceless", 3)
    tally, rows = bucket.run(runner)
    assert (tally.photos, tally.done, tally.failed) == (103, 100, 3)
    assert len({row.entry.file for row in rows}) == len(rows) == 103
    assert bucket.made() == {f"good-{n:03}.jpg": f"good {n}" for n in range(100)}
    assert {row.code for row in rows if row.code} == {"no_face_found"}
    assert len({row.worker for row in rows}) == 2


def test_the_next_run_does_what_is_new_changed_or_failed_for_a_passing_reason(
    bucket: Bucket, runner: LocalRunner
) -> None:
    bucket.put("good", 5)
    bucket.put("faceless", 2)
    bucket.put("fail", 1)
    bucket.run(runner)
    bucket.put("good", 1, first=5)
    bucket.photos.write("good-000.jpg", b"good again")
    tally, rows = bucket.run(runner)
    assert sorted(row.entry.file for row in rows) == ["fail-000.jpg", "good-000.jpg", "good-005.jpg"]
    assert (tally.before, tally.done, tally.failed) == (6, 2, 1)
    assert bucket.made()["good-000.jpg"] == "good again"
    _, rows = bucket.run(runner, retry_failed=True)
    assert sorted(row.entry.file for row in rows) == ["faceless-000.jpg", "faceless-001.jpg", "fail-000.jpg"]


def test_a_photo_that_ends_its_process_is_lost_and_takes_no_other_with_it(
    bucket: Bucket, runner: LocalRunner
) -> None:
    bucket.put("slow", 40)
    bucket.put("kill", 3)
    tally, rows = bucket.run(runner)
    codes = Counter(row.code for row in rows)
    assert codes == {None: 40, "worker_lost": 3}
    assert all(row.entry.file.startswith("kill") for row in rows if row.code)
    assert len({row.entry.file for row in rows}) == 43
    assert (tally.done, tally.failed) == (40, 3)


def test_a_photo_whose_process_was_ended_by_others_is_done(bucket: Bucket, runner: LocalRunner) -> None:
    bucket.put("slow", 30)
    killed = False

    def told(tally: Tally, rows: object) -> None:
        nonlocal killed
        if tally.worked == 5 and not killed:
            killed = True
            runner._workers[0].process.kill()

    tally, rows = bucket.run(runner, told=told)
    assert killed
    assert tally.done == len({row.entry.file for row in rows}) == len(rows) == 30


def test_a_process_that_hangs_is_ended(
    bucket: Bucket, runner: LocalRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "STALL_S", 4.0)
    bucket.put("good", 10)
    bucket.put("hang", 1)
    _, rows = bucket.run(runner)
    assert Counter(row.code for row in rows) == {None: 10, "worker_lost": 1}


def test_a_storage_that_is_gone_ends_the_run(
    bucket: Bucket, runner: LocalRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "MOST_FAILURES", 10)
    bucket.put("good", 60)
    for number in range(60):
        # No file can have this name any more.
        (tmp_path / "out" / f"good-{number:03}.jpg").mkdir(parents=True)
    with pytest.raises(StorageFailed, match="10 photos in a row"):
        bucket.run(runner)
    ledger = list(bucket.portraits.pages("_facecraft"))
    assert sum(map(len, ledger)) == 1, "what was done is written"


@pytest.mark.parametrize(
    ("opened", "error"), [(makers.broken, StartupError), (makers.dying, InferenceFailed)]
)
def test_processes_that_do_not_start_end_the_run(
    bucket: Bucket, opened: object, error: type[Exception]
) -> None:
    with LocalRunner(bucket.job, opened=opened) as runner, pytest.raises(error):  # type: ignore[arg-type]
        runner.models()
