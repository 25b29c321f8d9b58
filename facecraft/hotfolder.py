"""A folder that photos are dropped into, and another from which portraits are fetched.

    IN/a.jpg                 waits until nothing writes to it any more, then is restored
    IN/.finishing/a.jpg      its portrait is about to appear as OUT/a.jpg, a name that is its own from here on
    OUT/a.jpg                the portrait, whole
    IN/done/a.jpg            the photo, after that
    IN/failed/a.jpg          a photo that cannot be processed, beside IN/failed/a.jpg.json, which says why

The folders are the only state, so a watcher may be killed anywhere: what stands in IN or `.finishing` is done
again when one comes back, under the same name. A photo in work is locked (flock, which ends with its
process), so several watchers share a folder, on one machine or wherever the file system carries locks.
"""

import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

from facecraft.batch import SUFFIX_OF, write_whole
from facecraft.errors import (
    DeadlineExceeded,
    FacecraftError,
    InferenceFailed,
    StartupError,
    UndecodableImage,
    UnsupportedFormat,
)
from facecraft.portrait import Portrait, ProcessOptions

DONE, FAILED, FINISHING = "done", "failed", ".finishing"
COPYING = (".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", "~")
"""How names end under which programs write what they will rename when it is whole."""
ELSEWHERE = "Name two folders that this process may write."


class Processes(Protocol):
    """What a watcher needs of a Pipeline."""

    def process(self, data: bytes, options: ProcessOptions, abandoned: Callable[[], bool]) -> Portrait: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a watcher waits, in seconds.

    Attributes:
        poll_s: between two looks at the folder.
        settle_s: a photo that has not changed for so long is taken up.
        copy_s: one that cannot be decoded and has not changed for so long is given up; until then it may be
            one of which the rest is still to come.
        retry_s: after a folder could not be written, until the next try.
    """

    poll_s: float = 0.5
    settle_s: float = 2
    copy_s: float = 60
    retry_s: float = 10


@dataclass(slots=True)
class _Seen:
    """A file as the watcher last saw it; `since_s` is when it came to look like that."""

    looks: tuple[int, ...]
    since_s: float
    not_before_s: float = 0.0
    undecodable: bool = False


@dataclass(frozen=True, slots=True)
class _Photo:
    """A photo that this watcher holds the lock of."""

    path: Path
    descriptor: int

    def looks(self) -> tuple[int, ...]:
        return _looks(os.fstat(self.descriptor))

    def read(self, limit_bytes: int) -> bytes:
        with os.fdopen(os.dup(self.descriptor), "rb") as file:
            file.seek(0)
            return file.read(limit_bytes)


class HotFolder:
    """Watches one folder.

    Args:
        folder: where photos are dropped; folders in it are looked through, and keep their structure.
        output: where portraits appear.
        pipeline: restores them.
        options: what is asked for, the same for all.
        max_bytes: of a photo; not much more than that is read of a larger one.
        say: takes a line about each photo.

    Raises:
        StartupError: the folders are one, or cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        output: Path,
        pipeline: Processes,
        options: ProcessOptions,
        max_bytes: int,
        *,
        say: Callable[[str], None] = print,
        patience: Patience | None = None,
    ) -> None:
        self._folder = folder.resolve()
        self._output = output.resolve()
        self._pipeline = pipeline
        self._options = options
        self._max_bytes = max_bytes
        self._say = say
        self._patience = patience or Patience()
        self._seen: dict[Path, _Seen] = {}
        if self._folder == self._output:
            raise StartupError(f"{folder} is watched; portraits in it would be photos.", hint=ELSEWHERE)
        try:
            for name in (DONE, FAILED, FINISHING):
                (self._folder / name).mkdir(exist_ok=True)
            self._output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartupError(f"A folder cannot be made: {error}.", hint=ELSEWHERE) from error

    def watch(self, stop: Event) -> None:
        """Process what is dropped until `stop` is set; a photo in work is left at its next face then."""
        while not stop.is_set():
            for path in self._due():
                if stop.is_set():
                    return
                self._take_up(path, stop)
            stop.wait(self._patience.poll_s)

    def _due(self) -> list[Path]:
        """The files that have settled, or that a watcher left when it was killed."""
        now = time.monotonic()
        seen: dict[Path, _Seen] = {}
        due: list[Path] = []
        for path, looks in self._files():
            known = self._seen.get(path)
            one = known if known and known.looks == looks else _Seen(looks, now)
            seen[path] = one
            if now - one.since_s >= self._still_s(path, one) and now >= one.not_before_s:
                due.append(path)
        self._seen = seen
        return due

    def _still_s(self, path: Path, seen: _Seen) -> float:
        """How long a file must not have changed before it is taken up."""
        if seen.undecodable:
            return self._patience.copy_s
        # What is there already had settled before.
        return 0 if path.is_relative_to(self._folder / FINISHING) else self._patience.settle_s

    def _files(self) -> Iterator[tuple[Path, tuple[int, ...]]]:
        own = {self._folder / DONE, self._folder / FAILED, self._output}
        for root, folders, names in os.walk(self._folder):
            here = Path(root)
            folders[:] = sorted(
                name
                for name in folders
                if here / name not in own and (not name.startswith(".") or name == FINISHING)
            )
            for name in sorted(names):
                if name.startswith(".") or name.lower().endswith(COPYING):
                    continue
                try:
                    status = (here / name).lstat()
                except FileNotFoundError:  # another watcher was quicker
                    continue
                if stat.S_ISREG(status.st_mode):  # not a link, which might lead anywhere
                    yield here / name, _looks(status)

    def _take_up(self, path: Path, stop: Event) -> None:
        try:
            with _locked(path) as photo:
                if photo is not None:
                    self._process(photo, stop)
        except OSError as error:  # a full disk, a photo that may not be read: not the photo's fault
            self._say(f"{path}: {error}; it stays there and is tried again")
            self._seen[path].not_before_s = time.monotonic() + self._patience.retry_s

    def _process(self, photo: _Photo, stop: Event) -> None:
        seen = self._seen[photo.path]
        start = time.monotonic()
        if photo.looks() != seen.looks:
            return  # it changed while others were in work
        try:
            portrait = self._restore(photo.read(self._max_bytes + 1), stop)
        except DeadlineExceeded:  # this watcher is to end
            return
        except (UndecodableImage, UnsupportedFormat) as error:
            if start - seen.since_s < self._patience.copy_s:
                seen.undecodable = True
                return
            self._fail(photo, error)
        except FacecraftError as error:
            self._fail(photo, error)
        else:
            if photo.looks() != seen.looks:
                return  # somebody went on writing to it
            target = self._finish(photo, portrait)
            seconds = time.monotonic() - start
            self._say(f"{photo.path}: {portrait.restored} restored in {seconds:.1f} s, {target}")

    def _restore(self, data: bytes, stop: Event) -> Portrait:
        try:
            return self._pipeline.process(data, self._options, stop.is_set)
        except FacecraftError:
            raise
        except Exception as error:
            raise InferenceFailed(f"The models failed on this picture: {error!r}.") from error

    def _finish(self, photo: _Photo, portrait: Portrait) -> Path:
        """Portrait first, photo second: if it ends between them, the photo is still there to do again."""
        with self._alone():
            bound = self._bind(photo)
        relative = bound.relative_to(self._folder / FINISHING)
        target = self._output / relative.with_name(relative.stem + SUFFIX_OF[portrait.format])
        write_whole(target, portrait.data)
        self._move(bound, self._folder / DONE / relative)
        return target

    def _bind(self, photo: _Photo) -> Path:
        """Move a photo to where its name says what its portrait will be called."""
        if photo.path.is_relative_to(self._folder / FINISHING):
            return photo.path
        wanted = self._folder / FINISHING / photo.path.relative_to(self._folder)
        bound = _first_free(wanted, self._is_name_taken)
        bound.parent.mkdir(parents=True, exist_ok=True)
        photo.path.rename(bound)
        return bound

    def _is_name_taken(self, path: Path) -> bool:
        """Whether a portrait has this photo's name, or will have it, in any format."""
        portrait = self._output / path.relative_to(self._folder / FINISHING)
        return any(portrait.with_name(path.stem + suffix).exists() for suffix in SUFFIX_OF.values()) or any(
            other.stem == path.stem for other in path.parent.glob("*")
        )

    def _fail(self, photo: _Photo, error: FacecraftError) -> None:
        home = FINISHING if photo.path.is_relative_to(self._folder / FINISHING) else "."
        with self._alone():
            target = _first_free(
                self._folder / FAILED / photo.path.relative_to(self._folder / home), Path.exists
            )
            problem = json.dumps(error.problem(), indent=2) + "\n"
            write_whole(target.with_name(f"{target.name}.json"), problem.encode())
            photo.path.rename(target)
        self._say(f"{photo.path}: {error.code}: {error.detail} It is now {target}")

    def _move(self, path: Path, wanted: Path) -> None:
        with self._alone():
            target = _first_free(wanted, Path.exists)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other watcher chooses a name meanwhile."""
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


@contextmanager
def _locked(path: Path) -> Iterator[_Photo | None]:
    """The photo, or None where another watcher has it or has moved it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        yield None
        return
    try:
        yield _Photo(path, descriptor) if _lock(path, descriptor) else None
    finally:
        os.close(descriptor)


def _lock(path: Path, descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # It may have been moved between its opening and its locking.
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except (BlockingIOError, FileNotFoundError):
        return False


def _looks(status: os.stat_result) -> tuple[int, ...]:
    """What changes when somebody writes to a file, replaces it, or allows its reading."""
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _first_free(wanted: Path, is_taken: Callable[[Path], bool]) -> Path:
    """The path itself or, where that is taken, the first of a-2.jpg, a-3.jpg and so on that is not."""
    path, number = wanted, 1
    while is_taken(path):
        number += 1
        path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    return path
