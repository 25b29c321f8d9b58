"""Two folders, and a watcher around a pipeline that only echoes; tests/cli/test_cli.py has the real one."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from facecraft.cancellation import Cancellation
from facecraft.errors import NoFaceFound, UndecodableImage, file_too_large
from facecraft.folders.layout import Layout
from facecraft.folders.selection import EVERYTHING
from facecraft.folders.watch import Delays, FolderWatcher
from facecraft.options import Options
from facecraft.results import Portrait, Portrayal
from tests.portraits import BLANK

QUICK = Delays(poll_s=0.01, settle_s=0.05, incomplete_s=0.4, retry_s=0.05)
MAX_BYTES = 1000


class Echo:
    """Gives what it got back; some contents have something wrong with them."""

    def __init__(self) -> None:
        self.processed: list[bytes] = []

    def process(self, data: bytes, options: Options, cancellation: Cancellation) -> Portrait:
        cancellation.check()
        self.processed.append(data)
        if data.startswith(b"half"):
            raise UndecodableImage("The file is truncated.")
        if len(data) > MAX_BYTES:
            raise file_too_large(MAX_BYTES, len(data))
        if data == b"no face":
            raise NoFaceFound("No face was found in the picture.")
        if data == b"bug":
            raise RuntimeError("out of order")
        format_ = "jpeg" if options.format == "auto" else options.format
        share = 0.6 if data.startswith(b"damaged") else 1.0
        source = replace(BLANK.source, share=share)
        return replace(BLANK, data=data + b"!", format=format_, restored=1, restorer="echo", source=source)

    def process_each(self, data: bytes, options: Options, cancellation: Cancellation) -> Iterator[Portrayal]:
        """A portrait for each letter; a digit is a face without one."""
        for number, letter in enumerate(data.decode(), 1):
            result: Portrait | NoFaceFound = NoFaceFound("The mesh sees no face.")
            if not letter.isdecimal():
                result = self.process(letter.encode(), options, cancellation)
            yield Portrayal(number, len(data), result, 1)


class Place:
    def __init__(self, root: Path) -> None:
        self.incoming, self.out = root / "in", root / "out"
        self.incoming.mkdir(parents=True)
        self.lines: list[str] = []
        self.selection = EVERYTHING

    def drop(self, name: str, data: bytes) -> Path:
        path = self.incoming / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def files(self) -> dict[str, bytes]:
        root = self.incoming.parent
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}

    def watcher(self, options: Options | None = None, echo: Echo | None = None) -> FolderWatcher:
        options = options or Options()
        layout = Layout(self.incoming, self.out, marked=options.each, selection=self.selection)
        return FolderWatcher(
            layout, echo or Echo(), options, MAX_BYTES, report=self.lines.append, delays=QUICK
        )

    @contextmanager
    def watched(self, options: Options | None = None, echo: Echo | None = None) -> Iterator[None]:
        stop = Cancellation()
        thread = threading.Thread(target=self.watcher(options, echo).watch, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.cancel()
            thread.join(10)
            assert not thread.is_alive()

    def done(self) -> int:
        return sum(path.is_file() for path in (self.incoming / "done").rglob("*"))

    def until_done(self, count: int) -> None:
        self.until(lambda _: self.done() == count)

    def until(self, condition: Callable[[set[str]], bool]) -> None:
        """Wait for a condition on the names of all files; what is in them may change meanwhile."""
        patience = time.monotonic() + 30
        root = self.incoming.parent
        while not condition(names := {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}):
            assert time.monotonic() < patience, names
            time.sleep(0.01)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
