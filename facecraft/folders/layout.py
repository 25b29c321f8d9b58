"""The folders of a watcher. A photo moves through them:

    IN/a.jpg                 a dropped photo
    IN/.finishing/a.jpg      the photo while its portrait is written to OUT/a.jpg; it reserves that name
    OUT/a.jpg                the complete portrait
    IN/done/a.jpg            the photo after its portrait was written
    IN/failed/a.jpg          a photo that cannot be processed; IN/failed/a.jpg.json has the reason

The folders are the only state. A watcher can be killed at any step: the next one processes all photos in IN
and `.finishing` again, with the same names.
"""

import fcntl
import glob
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from facecraft.errors import FacecraftError, StartupError
from facecraft.files import write_whole
from facecraft.folders.locked import Fingerprint, LockedPhoto, fingerprint
from facecraft.folders.names import first_free, is_failed_taken, problem_path, shorten
from facecraft.folders.selection import EVERYTHING, Selection, is_systems_own
from facecraft.folders.writable import ensure_writable
from facecraft.imaging.formats import SUFFIXES
from facecraft.results import Portrait

DONE, FAILED, FINISHING = "done", "failed", ".finishing"
TEMPORARY_SUFFIXES = (".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", "~")
"""Suffixes of unfinished files. Programs rename a file when it is complete."""
DEEPEST = 50
"""Number of levels of folders to search."""
HINT = "Use two different folders that this process can read and write."


@dataclass(frozen=True, slots=True)
class Draft:
    """A portrait that is complete, and hidden until it gets its name. It is not kept in memory.

    Attributes:
        path: of its file, in the folder where it gets its name.
        suffix: of its name.
        restored: number of faces that were cleaned or restored.
        cleaned: whether the photo was cleaned.
        whole: whether the photo's file was not damaged.
    """

    path: Path
    suffix: str
    restored: int
    cleaned: bool
    whole: bool


class Layout:
    """The folders of one watcher.

    Args:
        folder: for new photos; its subfolders are searched too.
        output: for portraits; it gets the same subfolders.
        marked: whether each photo has several portraits, with marks after its name, such as a-01.jpg.
        selection: of the dropped files; the others are left where they are.

    Attributes:
        folder: for new photos.
        output: for portraits.
        done: for photos with a finished portrait.
        failed: for photos that cannot be processed.
        finishing: for photos while their portraits are written.
        unsearched: folders that the last search could not look into, with the reason.

    Raises:
        StartupError: the watcher would find portraits as new photos, or a folder cannot be written.
    """

    def __init__(
        self, folder: Path, output: Path, *, marked: bool = False, selection: Selection = EVERYTHING
    ) -> None:
        self._marked, self._selection = marked, selection
        self.unsearched: dict[Path, str] = {}
        self.folder, self.output = folder.resolve(), output.resolve()
        self.done, self.failed, self.finishing = (self.folder / name for name in (DONE, FAILED, FINISHING))
        own = (self.done, self.failed, self.finishing)
        mixed = StartupError(f"Portraits in {output} would be taken for photos in {folder}.", hint=HINT)
        if self.folder.is_relative_to(self.output) or any(map(self.output.is_relative_to, own)):
            raise mixed
        for path in (*own, self.output):
            ensure_writable(path)
        try:
            os.scandir(self.folder).close()  # one that can be written and not read would seem empty for ever
            # With a mount or a link, two paths can be the same folder.
            if self.output.samefile(self.folder):
                raise mixed
            if any(path.stat().st_dev != self.folder.stat().st_dev for path in own):
                raise StartupError(f"{DONE}, {FAILED} and {FINISHING} must be folders of {folder} itself.")
            self._skipped = {_identity(path) for path in (self.done, self.failed, self.output)}
        except OSError as error:
            raise StartupError(f"A folder cannot be read: {error}.", hint=HINT) from error

    def photos(self) -> Iterator[tuple[Path, Fingerprint]]:
        """Find every dropped file, in IN and in `.finishing`, sorted by name, but what systems put there."""
        self.unsearched = {}
        for root, folders, names in os.walk(
            self.folder, onerror=lambda error: self._note(Path(error.filename), error)
        ):
            here = Path(root)
            depth = len(here.relative_to(self.folder).parts)
            folders[:] = sorted(name for name in folders if self._is_searched(here / name, depth))
            for name in sorted(names):
                if not self._is_dropped(here / name):
                    continue
                try:
                    status = (here / name).lstat()
                except OSError as error:
                    self._note(here, error)
                    continue
                if stat.S_ISREG(status.st_mode):  # no link, because its target can be anywhere
                    yield here / name, fingerprint(status)

    def claim(self, photo: LockedPhoto, expected: Fingerprint) -> Path | None:
        """Move a processed photo to `.finishing`, with a name that is free for its portrait.

        Returns:
            Its new path, or None if it has changed since it was processed.
        """
        with self._naming_lock():
            if photo.fingerprint() != expected:
                return None  # another program continued writing to it
            if photo.path.is_relative_to(self.finishing):
                return photo.path
            target = self.finishing / shorten(photo.path.relative_to(self.folder))
            claimed = first_free(target, self._is_portrait_taken)
            claimed.parent.mkdir(parents=True, exist_ok=True)
            photo.path.rename(claimed)
            # Another file may have replaced it just before the move; it is processed later. The move itself
            # changes the last member of a fingerprint.
            return claimed if fingerprint(claimed.lstat())[:-1] == expected[:-1] else None

    def draft(self, photo: Path, portrait: Portrait) -> Draft:
        """Write a portrait of a photo under a hidden name."""
        base = self.finishing if photo.is_relative_to(self.finishing) else self.folder
        hidden = f".{secrets.token_hex(8)}.part"
        path = self.output / photo.relative_to(base).with_name(hidden)
        write_whole(path, portrait.data)
        whole = portrait.source.share == 1
        return Draft(path, SUFFIXES[portrait.format], portrait.restored, portrait.cleaned, whole)

    def finish(self, claimed: Path, drafts: Mapping[str, Draft]) -> Path:
        """Give portraits their names, by mark, then move their photo to `done`.

        In this order: if the process ends in between, the photo is processed again.

        Returns:
            The first portrait's path.
        """
        relative = claimed.relative_to(self.finishing)
        targets = {
            self.output / relative.with_name(relative.stem + mark + draft.suffix): draft
            for mark, draft in drafts.items()
        }
        for target, draft in targets.items():
            draft.path.replace(target)
        with self._naming_lock():
            done = first_free(self.done / relative, Path.exists)
            done.parent.mkdir(parents=True, exist_ok=True)
            claimed.rename(done)
        return next(iter(targets))

    def fail(self, claimed: Path, error: FacecraftError) -> Path:
        """Write a problem, then move its photo to `failed`, in the same order as `finish`.

        Returns:
            The photo's new path.
        """
        relative = claimed.relative_to(self.finishing)
        with self._naming_lock():
            target = first_free(self.failed / relative, is_failed_taken)
            write_whole(problem_path(target), (json.dumps(error.problem(), indent=2) + "\n").encode())
            claimed.rename(target)
        return target

    def _is_dropped(self, path: Path) -> bool:
        if is_systems_own(path.name) or path.name.lower().endswith(TEMPORARY_SUFFIXES):
            return False
        # What is in `.finishing` was wanted when it was moved there; its name may have got a number.
        return path.is_relative_to(self.finishing) or self._selection.wants(path.relative_to(self.folder))

    def _is_searched(self, folder: Path, depth: int) -> bool:
        if is_systems_own(folder.name) and folder != self.finishing:
            return False
        try:
            return depth < DEEPEST and _identity(folder) not in self._skipped
        except OSError as error:
            self._note(folder.parent, error)
            return False

    def _note(self, folder: Path, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # another watcher, or its owner, has moved it
            self.unsearched[folder] = str(error.strerror)

    def _is_portrait_taken(self, path: Path) -> bool:
        """Whether another photo's portrait has or reserves this name, in any format."""
        portrait = self.output / path.relative_to(self.finishing)
        mark = "-[0-9]*" if self._marked else ""
        names = [glob.escape(path.stem) + mark + suffix for suffix in SUFFIXES.values()]
        return any(next(portrait.parent.glob(name), None) is not None for name in names) or any(
            other.stem == path.stem and other.is_file() for other in path.parent.glob("*")
        )

    @contextmanager
    def _naming_lock(self) -> Iterator[None]:
        """Keep other watchers from choosing a name during the block."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
