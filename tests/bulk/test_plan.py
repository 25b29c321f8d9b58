"""Which photos of a bucket are done by whom, and under which names."""

from pathlib import Path

import numpy as np
import pytest

from facecraft.bulk.ledger import Ledger
from facecraft.bulk.plan import Plan, Shard
from facecraft.bulk.storage import Storage
from facecraft.errors import InvalidOption
from facecraft.folders.selection import EVERYTHING, Selection


def put(folder: Path, *keys: str) -> None:
    for key in keys:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(b"photo")


def plan(
    tmp_path: Path, selection: Selection = EVERYTHING, shard: Shard | None = None, target: str = "out"
) -> Plan:
    source, portraits = (Storage(f"file://{tmp_path}/{name}") for name in ("in", target))
    return Plan(source, portraits, selection, shard or Shard())


def names(made: Plan, tmp_path: Path) -> dict[str, str]:
    nothing = Ledger(Storage(f"file://{tmp_path}/ledger"), "run").finished()
    return {task.found.key: task.name for task in made.tasks(nothing)}


def test_photos_keep_their_path(tmp_path: Path) -> None:
    put(tmp_path / "in", "a.jpg", "b.PNG", "2024/c.heic", "d.tar.webp")
    made = plan(tmp_path)
    expected = {"a.jpg": "a", "b.PNG": "b", "2024/c.heic": "2024/c", "d.tar.webp": "d.tar"}
    assert names(made, tmp_path) == expected
    assert (made.photos, made.others) == (4, 0)


def test_what_is_no_photo_is_counted_and_what_systems_put_there_is_not(tmp_path: Path) -> None:
    put(tmp_path / "in", "a.jpg", "notes.txt", "Thumbs.db", "@eaDir/a.jpg", ".hidden/a.jpg", "._a.jpg")
    made = plan(tmp_path)
    assert names(made, tmp_path) == {"a.jpg": "a"}
    assert (made.photos, made.others) == (1, 1)


def test_patterns_choose(tmp_path: Path) -> None:
    put(tmp_path / "in", "a.jpg", "a.raw", "2024/b.jpg", "2025/b.jpg")
    assert set(names(plan(tmp_path, Selection(("2024/*", "*.raw"))), tmp_path)) == {"2024/b.jpg", "a.raw"}


def test_photos_that_differ_in_their_suffix_get_names_of_their_own(tmp_path: Path) -> None:
    put(tmp_path / "in", "a.jpg", "a.png", "a.JPG", "b.jpg", "sub/a.jpg")
    found = names(plan(tmp_path), tmp_path)
    assert (found["b.jpg"], found["sub/a.jpg"]) == ("b", "sub/a")
    own = [found[key] for key in ("a.jpg", "a.png", "a.JPG")]
    assert len(set(own)) == 3
    assert [name.rpartition("-")[0] for name in own] == ["a-jpg", "a-png", "a-jpg"]


def test_shards_have_every_photo_once_and_name_it_as_without_shards(tmp_path: Path) -> None:
    put(tmp_path / "in", *(f"{number}.jpg" for number in range(200)), "7.png")
    every = names(plan(tmp_path), tmp_path)
    shards = [plan(tmp_path, shard=Shard(number, 4)) for number in range(4)]
    found = [names(shard, tmp_path) for shard in shards]
    assert [shard.photos for shard in shards] == list(map(len, found))
    assert sum(map(len, found)) == len(every) == 201
    assert {key: name for part in found for key, name in part.items()} == every
    assert min(map(len, found)) > 25


def test_finished_photos_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "in", "a.jpg", "b.jpg", "c.jpg")

    class OnlyB:
        def has(self, found: list[object]) -> object:
            return np.array([each.key == "b.jpg" for each in found])  # type: ignore[attr-defined]

    made = plan(tmp_path)
    assert {task.found.key for task in made.tasks(OnlyB())} == {"a.jpg", "c.jpg"}  # type: ignore[arg-type]
    assert made.passed == 1


def test_portraits_among_the_photos_are_no_photos(tmp_path: Path) -> None:
    put(tmp_path / "in", "a.jpg", "out/b.jpg", "outer/c.jpg", "out/_facecraft/run/1.parquet")
    assert set(names(plan(tmp_path, target="in/out"), tmp_path)) == {"a.jpg", "outer/c.jpg"}


@pytest.mark.parametrize("target", ["in", "in/", "."])
def test_portraits_beside_or_above_the_photos_are_refused(tmp_path: Path, target: str) -> None:
    put(tmp_path / "in", "a.jpg")
    with pytest.raises(InvalidOption, match="overwrite"):
        plan(tmp_path, target=target if target != "." else "")
