"""A folder that photos are dropped into, and another from which portraits are fetched.

    IN/a.jpg                 waits until nothing writes to it any more, then is restored
    IN/.finishing/a.jpg      its portrait is about to appear as OUT/a.jpg, a name that is its own from here on
    OUT/a.jpg                the portrait, whole
    IN/done/a.jpg            the photo, after that
    IN/failed/a.jpg          a photo that cannot be processed, beside IN/failed/a.jpg.json, which says why

The folders are the only state, so a watcher may be killed anywhere: what stands in IN or `.finishing` is done
again when one comes back, under the same name. A photo in work is locked (flock, which ends with its
process), so several watchers on one machine share a folder.
"""

import fcntl
import json
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from facecraft.cancellation import Cancellation
from facecraft.errors import (
    DeadlineExceeded,
    FacecraftError,
    InferenceFailed,
    StartupError,
    UndecodableImage,
    UnsupportedFormat,
)
from facecraft.files import write_whole
from facecraft.options import Options
from facecraft.types import SUFFIX_OF, Portrait

DONE, FAILED, FINISHING = "done", "failed", ".finishing"
COPYING = (".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", "~")
"""How names end under which programs write what they will rename when it is whole."""
LONGEST_NAME_BYTES = 225  # of the 255 that file systems allow: a number, another suffix and .json must fit
DEEPEST = 50  # folders in folders
UNWRITTEN = bytes(64)
"""How a file ends whose copier has set its size before its content; no photo does."""
ELSEWHERE = "Name two folders that this process may write."


class Processes(Protocol):
    """What a watcher needs of a Pipeline."""

    def process(self, data: bytes, options: Options, cancellation: Cancellation) -> Portrait: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a watcher waits, in seconds.

    Attributes:
        poll_s: between two looks at the folder.
        settle_s: a photo that has not changed for so long is taken up.
        copy_s: one that cannot be decoded and has not changed for so long is given up; until then it may be
            one of which the rest is still to come.
        retry_s: after a folder could not be written, until the next try; twice as long after each one more.
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
    failures: int = 0
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
        options: Options,
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
        own = [self._folder / name for name in (DONE, FAILED, FINISHING)]
        if self._folder.is_relative_to(self._output) or any(self._output.is_relative_to(one) for one in own):
            raise StartupError(f"Portraits in {output} would be photos in {folder}.", hint=ELSEWHERE)
        try:
            for made in (*own, self._output):
                made.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=made).close()
            # A mount or a link can lead to a folder by another path.
            if self._output.samefile(self._folder):
                raise StartupError(f"Portraits in {output} would be photos in {folder}.", hint=ELSEWHERE)
            if any(one.stat().st_dev != self._folder.stat().st_dev for one in own):
                raise StartupError(f"{DONE}, {FAILED} and {FINISHING} must be folders of {folder} itself.")
            self._skipped = {_identity(one) for one in (own[0], own[1], self._output)}
        except OSError as error:
            raise StartupError(f"A folder cannot be written: {error}.", hint=ELSEWHERE) from error

    def watch(self, stop: Cancellation) -> None:
        """Process what is dropped until `stop` is cancelled, which also ends the photo in work."""
        while not stop.cancelled:
            for path in self._due():
                if stop.cancelled:
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
        for root, folders, names in os.walk(self._folder):
            here = Path(root)
            depth = len(here.relative_to(self._folder).parts)
            folders[:] = sorted(name for name in folders if self._looks_into(here / name, depth))
            for name in sorted(names):
                if name.startswith(".") or name.lower().endswith(COPYING):
                    continue
                try:
                    status = (here / name).lstat()
                except OSError:  # another watcher was quicker, or the folder may not be searched
                    continue
                if stat.S_ISREG(status.st_mode):  # not a link, which might lead anywhere
                    yield here / name, _looks(status)

    def _looks_into(self, folder: Path, depth: int) -> bool:
        if folder.name.startswith(".") and folder != self._folder / FINISHING:
            return False
        try:
            return depth < DEEPEST and _identity(folder) not in self._skipped
        except OSError:
            return False

    def _take_up(self, path: Path, stop: Cancellation) -> None:
        try:
            if not os.access(path.parent, os.W_OK | os.X_OK):  # asked before the work and not after it
                raise PermissionError(f"{path.parent} may not be written")
            with _locked(path) as photo:
                if photo is not None:
                    self._process(photo, stop)
        except OSError as error:  # a full disk, a photo that may not be read: not the photo's fault
            self._say(f"{path}: {error}; it is kept and tried again")
            seen = self._seen[path]
            seen.not_before_s = time.monotonic() + self._patience.retry_s * 2 ** min(seen.failures, 6)
            seen.failures += 1

    def _process(self, photo: _Photo, stop: Cancellation) -> None:
        seen = self._seen[photo.path]
        start = time.monotonic()
        if photo.looks() != seen.looks:
            return  # it changed while others were in work
        data = photo.read(self._max_bytes + 1)
        if data.endswith(UNWRITTEN) and start - seen.since_s < self._patience.copy_s:
            seen.undecodable = True
            return
        try:
            portrait = self._restore(data, stop)
        except DeadlineExceeded:  # this watcher is to end
            return
        except (UndecodableImage, UnsupportedFormat) as error:
            if start - seen.since_s < self._patience.copy_s:
                seen.undecodable = True
                return
            outcome: Portrait | FacecraftError = error
        except FacecraftError as error:
            outcome = error
        else:
            outcome = portrait
        with self._alone():
            bound = self._bind(photo, seen)
        if bound is None:
            return
        if isinstance(outcome, FacecraftError):
            target = self._fail(bound, outcome)
            self._say(f"{photo.path}: {outcome.code}: {outcome.detail} It is now {target}")
        else:
            target = self._finish(bound, outcome)
            seconds = time.monotonic() - start
            self._say(f"{photo.path}: {outcome.restored} restored in {seconds:.1f} s, {target}")

    def _restore(self, data: bytes, stop: Cancellation) -> Portrait:
        try:
            return self._pipeline.process(data, self._options, stop)
        except FacecraftError:
            raise
        except Exception as error:
            raise InferenceFailed(f"The models failed on this picture: {error!r}.") from error

    def _bind(self, photo: _Photo, seen: _Seen) -> Path | None:
        """Move a photo to where its name says what its portrait will be called.

        Returns:
            Where it is now, or None where it is not the photo any more that was in work.
        """
        if photo.looks() != seen.looks:
            return None  # somebody went on writing to it
        if photo.path.is_relative_to(self._folder / FINISHING):
            return photo.path
        wanted = self._folder / FINISHING / _shortened(photo.path.relative_to(self._folder))
        bound = _first_free(wanted, self._is_name_taken)
        bound.parent.mkdir(parents=True, exist_ok=True)
        photo.path.rename(bound)
        # Another file may have got the name before it was moved; its turn comes from there. The last member
        # is the time of the renaming itself.
        return bound if _looks(bound.lstat())[:-1] == seen.looks[:-1] else None

    def _finish(self, bound: Path, portrait: Portrait) -> Path:
        """Portrait first, photo second: if it ends between them, the photo is still there to do again."""
        relative = bound.relative_to(self._folder / FINISHING)
        target = self._output / relative.with_name(relative.stem + SUFFIX_OF[portrait.format])
        write_whole(target, portrait.data)
        with self._alone():
            done = _first_free(self._folder / DONE / relative, Path.exists)
            done.parent.mkdir(parents=True, exist_ok=True)
            bound.rename(done)
        return target

    def _fail(self, bound: Path, error: FacecraftError) -> Path:
        """Problem first, photo second, as above."""
        relative = bound.relative_to(self._folder / FINISHING)
        with self._alone():
            target = _first_free(self._folder / FAILED / relative, _is_failed_taken)
            write_whole(_problem_path(target), (json.dumps(error.problem(), indent=2) + "\n").encode())
            bound.rename(target)
        return target

    def _is_name_taken(self, path: Path) -> bool:
        """Whether a portrait has this photo's name, or will have it, in any format."""
        portrait = self._output / path.relative_to(self._folder / FINISHING)
        return any(portrait.with_name(path.stem + suffix).exists() for suffix in SUFFIX_OF.values()) or any(
            other.stem == path.stem and other.is_file() for other in path.parent.glob("*")
        )

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


def _shortened(path: Path) -> Path:
    stem = path.stem
    while len(os.fsencode(stem + path.suffix)) > LONGEST_NAME_BYTES and len(stem) > 1:
        stem = stem[:-1]
    return path.with_name(stem + path.suffix)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _problem_path(photo: Path) -> Path:
    return photo.with_name(f"{photo.name}.json")


def _is_failed_taken(path: Path) -> bool:
    """Whether a photo has the name, or a file that is no problem of ours has that of its problem."""
    problem = _problem_path(path)
    if path.exists() or problem.is_dir():
        return True
    return problem.exists() and b'"urn:facecraft:problem:' not in problem.read_bytes()
