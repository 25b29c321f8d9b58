"""Whatever ends a watcher, and wherever: the next one finishes what it left, once."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from facecraft.cancellation import Cancellation
from tests.folders.conftest import QUICK, Place


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it, and its locks end with it."""


def interrupt(monkeypatch: pytest.MonkeyPatch, before_step: Callable[[], None]) -> None:
    """Have `before_step` called before each change to the file system, and after the last."""
    for owner, name in ((tempfile, "mkstemp"), (os, "fsync"), (Path, "replace"), (Path, "rename")):
        original = getattr(owner, name)

        def step(*args: object, original: Callable[..., object] = original, **kwargs: object) -> object:
            before_step()
            result = original(*args, **kwargs)
            before_step()
            return result

        monkeypatch.setattr(owner, name, step)


@pytest.mark.parametrize(("content", "folder"), [(b"a", "done"), (b"no face", "failed")])
def test_killed_at_any_step_a_photo_is_finished_once(tmp_path: Path, content: bytes, folder: str) -> None:
    last, reached = 1, 0
    while reached < last:
        reached += 1
        place = Place(tmp_path / str(reached))
        place.drop("a.jpg", content)
        count = 0

        def kill(limit: int = reached) -> None:
            nonlocal count
            count += 1
            if count == limit:
                raise Killed

        watcher = place.watcher()
        with pytest.MonkeyPatch.context() as patch:
            interrupt(patch, kill)
            watcher._settled()
            time.sleep(QUICK.settle_s)
            try:
                for path in watcher._settled():
                    watcher._attempt(path, Cancellation())
            except Killed:
                last = reached + 1  # there may be another step after this one
        with place.watched():
            place.until(lambda files: f"in/{folder}/a.jpg" in files)
        found = {name for name in place.files() if not name.endswith(".part")}
        expected = {"in/done/a.jpg", "out/a.jpg"} if folder == "done" else set()
        failed = {"in/failed/a.jpg", "in/failed/a.jpg.json"} if folder == "failed" else set()
        assert found == expected | failed, f"killed at step {reached}"
    assert last > 6


WATCHER = """
import sys, time
from pathlib import Path
from facecraft.cancellation import Cancellation
from facecraft.folders.layout import Layout
from facecraft.folders.watch import Delays, FolderWatcher
from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.types import Source

class Slow:
    def process(self, data, options, cancellation):
        time.sleep(0.01)
        size = {"width": 1, "height": 1}
        made = {"data": data + b"!", "format": "jpeg", "restored": 1, "restorer": "echo", **size}
        return Portrait(source=Source(1, 1, "jpeg", 1), faces=(), timings_ms={}, **made)

delays = Delays(poll_s=0.01, settle_s=0.02, incomplete_s=1, retry_s=0.1)
layout = Layout(Path(sys.argv[1]), Path(sys.argv[2]))
watcher = FolderWatcher(layout, Slow(), Options(), 1000, delays=delays)
watcher.watch(Cancellation())
"""


def test_killed_again_and_again_every_photo_is_finished_once_and_none_is_lost(place: Place) -> None:
    for number in range(60):
        place.drop(f"{number}.jpg", str(number).encode())
    at = random.Random(7)
    while place.done() < 60:
        # Two of them, of which both are killed after a few photos.
        command = [sys.executable, "-c", WATCHER, str(place.incoming), str(place.out)]
        watchers = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
        goal = min(60, place.done() + at.randint(1, 12))
        place.until(lambda _, goal=goal: place.done() >= goal)  # type: ignore[misc]
        time.sleep(at.random() / 50)
        for watcher in watchers:
            watcher.send_signal(signal.SIGKILL)
            watcher.wait()
    portraits = {path.name: path.read_bytes() for path in place.out.glob("[!.]*")}
    assert portraits == {f"{number}.jpg": f"{number}!".encode() for number in range(60)}
    assert len(list((place.incoming / "done").iterdir())) == 60
