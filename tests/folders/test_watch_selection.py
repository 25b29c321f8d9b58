"""Which dropped files a watcher takes."""

import os
import time
from pathlib import Path

import pytest

from facecraft.errors import StartupError
from facecraft.folders.selection import Selection
from tests.folders.conftest import QUICK, Place


def test_what_systems_put_there_is_left_where_it_is(place: Place) -> None:
    left = [
        *(
            "#recycle/deleted.jpg",
            "team/@eaDir/SYNOPHOTO_THUMB_M.jpg",
            "@Recycle/a.jpg",
            "$RECYCLE.BIN/a.jpg",
        ),
        *("System Volume Information/a.jpg", "lost+found/a.jpg", ".Trash-1000/a.jpg", "._b.jpg", ".DS_Store"),
        *("Thumbs.db", "desktop.ini", "b.AAE"),
    ]
    for name in left:
        place.drop(name, b"no face")
    place.drop("b.jpg", b"b")
    with place.watched():
        place.until(lambda files: "in/done/b.jpg" in files)
        time.sleep(2 * QUICK.settle_s)
    assert sorted(place.files()) == sorted(["in/done/b.jpg", "out/b.jpg", *(f"in/{name}" for name in left)])


def test_only_what_patterns_include_is_taken(place: Place) -> None:
    place.selection = Selection(("*.jpg", "scans/*"))
    for name in ("a.JPG", "b.png", "scans/c.png"):
        place.drop(name, b"a")
    with place.watched():
        place.until_done(2)
        time.sleep(2 * QUICK.settle_s)
    assert sorted(place.files()) == [
        *("in/b.png", "in/done/a.JPG", "in/done/scans/c.png", "out/a.jpg", "out/scans/c.jpg")
    ]


def test_what_was_begun_is_finished_whatever_is_included_now(place: Place) -> None:
    place.selection = Selection(("*.png",))
    place.drop(".finishing/a-2.jpg", b"a")
    with place.watched():
        place.until_done(1)
    assert place.files() == {"out/a-2.jpg": b"a!", "in/done/a-2.jpg": b"a"}


@pytest.mark.parametrize("out", ["in/done", "in/failed/x", "in/.finishing", "."])
def test_an_output_that_would_mix_photos_and_portraits_is_refused(place: Place, out: str) -> None:
    place.out = place.incoming.parent / out
    with pytest.raises(StartupError, match="would be taken for photos"):
        place.watcher()


@pytest.mark.parametrize("call", ["scandir", "lstat"])
def test_a_folder_that_cannot_be_searched_is_told_once_and_taken_up_when_it_can(
    place: Place, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    closed = place.drop("closed/b.jpg", b"b").parent
    look = {"scandir": os.scandir, "lstat": Path.lstat}[call]

    def refused(path: Path | str) -> object:
        if closed in (Path(path), Path(path).parent):
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)  # type: ignore[operator]

    owner = {"scandir": os, "lstat": Path}[call]
    with monkeypatch.context() as patch, place.watched():
        patch.setattr(owner, call, refused)
        place.drop("a.jpg", b"a")
        place.until_done(1)
        patch.undo()
        place.until_done(2)
    told = [line for line in place.lines if "cannot be searched" in line]
    assert told == [f"{closed}: the folder cannot be searched: Permission denied; it is tried again"]
