"""Watch a folder, and make portraits of new photos in another one. See `layout` for the folders.

A photo is locked while it is processed, so several watchers on one machine can share a folder. The lock
(flock) ends with the process.
"""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from facecraft.cancellation import Cancellation
from facecraft.errors import (
    DeadlineExceeded,
    FacecraftError,
    InferenceFailed,
    UndecodableImage,
    UnsupportedFormat,
    UploadTooLarge,
    file_too_large,
)
from facecraft.folders.layout import Draft, Layout
from facecraft.folders.locked import Fingerprint, LockedPhoto, locked
from facecraft.options import Options
from facecraft.results import Portrait, Portrayal

UNWRITTEN = bytes(64)
"""End of a file with a size but not all of its content yet. No photo ends like this."""
MOST_DOUBLINGS = 6

logger = logging.getLogger(__name__)


class Processor(Protocol):
    """The part of a Pipeline that a watcher needs."""

    def process(self, data: bytes, options: Options, cancellation: Cancellation) -> Portrait: ...

    def process_each(
        self, data: bytes, options: Options, cancellation: Cancellation
    ) -> Iterable[Portrayal]: ...


@dataclass(frozen=True, slots=True)
class Delays:
    """The waiting times of a watcher, in seconds.

    Attributes:
        poll_s: between two searches of the folder.
        settle_s: a photo is processed when it has not changed for this time.
        incomplete_s: a photo that cannot be decoded fails when it has not changed for this time; before that,
            the rest of it may still arrive.
        retry_s: before the next try if a folder cannot be written; doubled with each failure.
    """

    poll_s: float = 0.5
    settle_s: float = 2
    incomplete_s: float = 60
    retry_s: float = 10


@dataclass(slots=True)
class _TrackedFile:
    """A watcher's memory of a file.

    Attributes:
        fingerprint: its state at the last search of the folder.
        since_s: start of this state, by the monotonic clock.
        retry_at_s: earliest time to process it.
        failures: number of times that a folder could not be written for it.
        incomplete: whether the rest of it may still arrive.
    """

    fingerprint: Fingerprint
    since_s: float
    retry_at_s: float = 0.0
    failures: int = 0
    incomplete: bool = False


class FolderWatcher:
    """Watches one folder.

    Args:
        layout: the folders.
        pipeline: makes the portraits.
        options: of every portrait.
        max_bytes: largest photo; at most one byte more is read.
        report: called with a line about each photo.
        delays: the waiting times.
    """

    def __init__(
        self,
        layout: Layout,
        pipeline: Processor,
        options: Options,
        max_bytes: int,
        *,
        report: Callable[[str], None] = print,
        delays: Delays | None = None,
    ) -> None:
        self._layout = layout
        self._pipeline = pipeline
        self._options = options
        self._max_bytes = max_bytes
        self._report = report
        self._delays = delays or Delays()
        self._tracked: dict[Path, _TrackedFile] = {}
        self._told: set[Path] = set()

    def watch(self, stop: Cancellation) -> None:
        """Process new photos until `stop` is cancelled, which also ends the work on the current photo."""
        while not stop.cancelled:
            for path in self._settled():
                if stop.cancelled:
                    return
                self._attempt(path, stop)
            stop.wait(self._delays.poll_s)

    def _settled(self) -> list[Path]:
        """Search the folder for files that have not changed for long enough."""
        now_s = time.monotonic()
        tracked: dict[Path, _TrackedFile] = {}
        for path, fingerprint in self._layout.photos():
            before = self._tracked.get(path)
            unchanged = before is not None and before.fingerprint == fingerprint
            tracked[path] = before if before and unchanged else _TrackedFile(fingerprint, now_s)
        self._tracked = tracked
        self._tell_unsearched()
        return [path for path, file in tracked.items() if self._is_due(path, file, now_s)]

    def _tell_unsearched(self) -> None:
        unsearched = self._layout.unsearched
        for folder in unsearched.keys() - self._told:
            self._report(f"{folder}: the folder cannot be searched: {unsearched[folder]}; it is tried again")
        self._told = set(unsearched)

    def _is_due(self, path: Path, file: _TrackedFile, now_s: float) -> bool:
        settle_s = self._delays.settle_s
        if path.is_relative_to(self._layout.finishing):
            settle_s = 0  # it had settled before it was moved there
        if file.incomplete:
            settle_s = self._delays.incomplete_s
        return now_s - file.since_s >= settle_s and now_s >= file.retry_at_s

    def _attempt(self, path: Path, stop: Cancellation) -> None:
        """Process a photo; if a folder cannot be written, leave the photo for another try."""
        try:
            if not os.access(path.parent, os.W_OK | os.X_OK):  # check before the work, not after it
                raise PermissionError(f"{path.parent} cannot be written")
            with locked(path) as photo:
                if photo is not None:
                    self._process(photo, stop)
        except OSError as error:  # a full disk, an unreadable photo: it may work later
            self._report(f"{path}: {error}; it stays there and is tried again")
            file = self._tracked[path]
            doublings = min(file.failures, MOST_DOUBLINGS)
            file.retry_at_s = time.monotonic() + self._delays.retry_s * 2**doublings
            file.failures += 1

    def _process(self, photo: LockedPhoto, stop: Cancellation) -> None:
        file = self._tracked[photo.path]
        start_s = time.monotonic()
        if photo.fingerprint() != file.fingerprint:
            return  # it changed while other photos were processed
        data = photo.read(self._max_bytes + 1)
        may_grow = start_s - file.since_s < self._delays.incomplete_s
        if may_grow and data.endswith(UNWRITTEN):
            file.incomplete = True
            return
        with ExitStack() as unfinished:
            outcome = self._outcome(photo.path, data, stop, unfinished)
            if may_grow and _is_partial(outcome):
                file.incomplete = True
                return
            if isinstance(outcome, UploadTooLarge):  # the pipeline has seen its first bytes only
                outcome = file_too_large(self._max_bytes, photo.size_bytes)
            if isinstance(outcome, DeadlineExceeded):
                return  # the watcher ends; the photo stays where it is
            claimed = self._layout.claim(photo, file.fingerprint)
            if claimed is not None:
                self._store(photo.path, claimed, outcome, start_s)

    def _outcome(
        self, path: Path, data: bytes, stop: Cancellation, unfinished: ExitStack
    ) -> Mapping[str, Draft] | FacecraftError:
        """The portraits by mark, each written as soon as it is made; if there is none, the first error.

        Those that have not got their names when `unfinished` ends are deleted.
        """
        drafts: dict[str, Draft] = {}
        errors: list[FacecraftError] = []
        for mark, result in self._results(data, stop):
            if isinstance(result, Portrait):
                drafts[mark] = self._layout.draft(path, result)
                unfinished.callback(drafts[mark].path.unlink, missing_ok=True)
            elif mark == "":
                return result
            else:
                errors.append(result)
        return drafts or errors[0]

    def _results(self, data: bytes, stop: Cancellation) -> Iterator[tuple[str, Portrait | FacecraftError]]:
        """Portraits and errors by the mark of their face; what is about the whole photo has none."""
        try:
            if not self._options.each:
                yield "", self._pipeline.process(data, self._options, stop)
                return
            for each in self._pipeline.process_each(data, self._options, stop):
                yield each.mark, each.result
        except FacecraftError as error:
            yield "", error
        except Exception as error:  # it is reported, and the other photos are still processed
            logger.debug("A photo failed.", exc_info=True)
            yield "", InferenceFailed(f"The models failed on this picture: {error!r}.")

    def _store(
        self, path: Path, claimed: Path, outcome: Mapping[str, Draft] | FacecraftError, start_s: float
    ) -> None:
        if isinstance(outcome, FacecraftError):
            target = self._layout.fail(claimed, outcome)
            self._report(f"{path}: {outcome.code}: {outcome.detail} It is now {target}")
        else:
            target = self._layout.finish(claimed, outcome)
            more = f" and {len(outcome) - 1} more" if len(outcome) > 1 else ""
            work = _work(tuple(outcome.values()), time.monotonic() - start_s)
            self._report(f"{path}: {work}, {target}{more}")


def _is_partial(outcome: Mapping[str, Draft] | FacecraftError) -> bool:
    """Whether the photo's file may not be there completely."""
    if isinstance(outcome, FacecraftError):
        return isinstance(outcome, UndecodableImage | UnsupportedFormat)
    return not all(draft.whole for draft in outcome.values())


def _work(portraits: Sequence[Draft], seconds: float) -> str:
    """What was done, and how long it took. A photo without a face can be cleaned, too."""
    restored = sum(portrait.restored for portrait in portraits)
    if restored:
        return f"{restored} restored in {seconds:.1f} s"
    if any(portrait.cleaned for portrait in portraits):
        return f"cleaned in {seconds:.1f} s"
    return f"done in {seconds:.1f} s, nothing restored"
