"""Which photos are finished, by the parts of a ledger."""

from pathlib import Path

import numpy as np
import pytest

from facecraft.bulk import ledger as ledgers
from facecraft.bulk.ledger import Ledger, run_of
from facecraft.bulk.row import Row, WorkerLost
from facecraft.bulk.storage import Found, Storage, StorageFailed
from facecraft.errors import FacecraftError, InferenceFailed, NoFaceFound, UndecodableImage
from facecraft.folders.manifest import Entry
from facecraft.options import Options

PASSING: list[FacecraftError] = [StorageFailed("gone"), InferenceFailed("failed")]
FINAL: list[FacecraftError] = [NoFaceFound("none"), UndecodableImage("broken"), WorkerLost("lost")]


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(f"file://{tmp_path}")


@pytest.fixture
def ledger(storage: Storage) -> Ledger:
    return Ledger(storage, "run")


def done(key: str, stamp: str = "1", time: float = 1.0) -> Row:
    return Row(Entry(key, f"{key}.jpg", "done"), stamp, "worker", time)


def failed(key: str, error: FacecraftError, time: float = 1.0) -> Row:
    return Row.failed(key, "1", error, "worker", time)


def finished(ledger: Ledger, *keys: str, stamp: str = "1", failed_too: bool = True) -> list[bool]:
    found = [Found(key, stamp) for key in keys]
    return ledger.finished(failed_too=failed_too).has(found).tolist()


def test_without_parts_nothing_is_finished(ledger: Ledger) -> None:
    assert finished(ledger, "a") == [False]
    assert len(ledger.finished()) == 0


def test_what_is_done_or_failed_for_good_is_finished(ledger: Ledger) -> None:
    ledger.add([done("a")])
    for number, error in enumerate([*PASSING, *FINAL]):
        ledger.add([failed(f"{number}", error)])
    assert finished(ledger, "a") == [False], "it is not written yet"
    ledger.write()
    assert finished(ledger, "a", "0", "1", "2", "3", "4", "5") == [
        True,
        False,
        False,
        True,
        True,
        True,
        False,
    ]
    assert finished(ledger, "a", "2", "3", "4", failed_too=False) == [True, False, False, False]


def test_a_photo_that_changed_is_not_finished(ledger: Ledger) -> None:
    ledger.add([done("a", stamp="1")])
    ledger.write()
    assert finished(ledger, "a", stamp="1") == [True]
    assert finished(ledger, "a", stamp="2") == [False]


def test_the_last_row_of_a_photo_counts_in_whatever_part_it_is(storage: Storage) -> None:
    later, earlier = Ledger(storage, "run"), Ledger(storage, "run")
    later.add([failed("a", PASSING[0], time=3), done("b", time=3), done("c", stamp="2", time=3)])
    later.write()
    earlier.add([done("a", time=2), failed("b", PASSING[0], time=2), done("c", stamp="1", time=2)])
    earlier.write()
    assert finished(later, "a", "b") == [False, True]
    assert finished(later, "c", stamp="1") == [False]
    assert finished(later, "c", stamp="2") == [True]


def test_of_several_portraits_all_have_to_be_finished(ledger: Ledger) -> None:
    ledger.add([done("a", time=1), failed("a", PASSING[1], time=1), done("a", time=1)])
    ledger.add([done("b", time=1), failed("b", FINAL[0], time=1)])
    ledger.write()
    assert finished(ledger, "a", "b") == [False, True]


def test_a_part_is_written_after_so_many_rows_or_seconds(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgers, "PART_ROWS", 3)
    for key in "abcd":
        ledger.add([done(key)])
    assert finished(ledger, "a", "b", "c", "d") == [True, True, True, False]
    monkeypatch.setattr(ledgers, "PART_S", 0.0)
    ledger.add([done("e")])
    assert finished(ledger, "d", "e") == [True, True]


def test_other_options_or_models_are_another_run() -> None:
    models = [("a", "1"), ("b", "2")]
    badge = Options(preset="badge")
    assert run_of(badge, models) == run_of(Options(preset="badge"), models[::-1])
    assert len({run_of(badge, models), run_of(Options(), models), run_of(badge, models[:1])}) == 3


def test_ten_million_photos_would_take_less_than_a_gigabyte(ledger: Ledger) -> None:
    rows = 200_000
    parts = [
        ledgers._Part(
            *(np.random.default_rng(seed).integers(0, 2**63, rows).astype(np.uint64) for seed in (0, 1)),
            np.zeros(rows),
            np.ones(rows, np.bool_),
        )
    ]
    held = ledgers.Finished(parts)
    assert len(held) == rows
    per_photo = (held._keys.nbytes + held._stamps.nbytes) / rows
    assert per_photo == 16
