"""Find photos by files, folders and patterns, and read them."""

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from facecraft.errors import RequestError, UnsupportedFormat
from facecraft.folders.selection import EVERYTHING, Selection, is_systems_own
from facecraft.imaging.formats import READ_SUFFIXES

HINT = "Give the file itself, or a pattern for it with --include: then its content decides."


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A found photo.

    Attributes:
        path: of its file.
        relative: its path inside the input folder; only its name if the input is the photo itself.
    """

    path: Path
    relative: Path


@dataclass(frozen=True, slots=True)
class Refused:
    """A file or folder that was found, and that is not processed.

    Attributes:
        path: of the file or folder.
        error: why.
    """

    path: Path
    error: RequestError


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that was found, each file once, in order.

    Attributes:
        photos: to be processed.
        refused: not to be processed, and to be reported.
    """

    photos: list[FoundPhoto]
    refused: list[Refused]


def find_photos(
    inputs: Iterable[str], outputs: Iterable[Path] = (), selection: Selection = EVERYTHING
) -> Found:
    """Find every photo in the inputs.

    What systems put into folders is left alone, unless an input names it.

    Args:
        inputs: files, folders (with their subfolders) and glob patterns. A missing file counts as a photo, so
            that reading it reports the error. From a folder, files are taken by their suffix.
        outputs: what this run writes, such as the folder with portraits of earlier runs. It is left alone,
            even inside an input.
        selection: of the files in folders. With patterns those that fit are taken, whatever their suffix, and
            the others are left alone.
    """
    written = [real(path) for path in outputs]
    photos: dict[Path, FoundPhoto] = {}
    refused: dict[Path, Refused] = {}
    for found in _find(inputs, written, selection):
        if isinstance(found, FoundPhoto):
            photos.setdefault(real(found.path), found)
        else:
            refused.setdefault(real(found.path), found)
    return Found(list(photos.values()), [each for path, each in refused.items() if path not in photos])


def read_photo(path: Path) -> bytes:
    """Read a photo's file.

    Raises:
        RequestError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        hint = "Check its name, and that this user can read it."
        raise RequestError(f"The photo cannot be read: {error.strerror}.", hint=hint) from error


def _find(inputs: Iterable[str], written: list[Path], selection: Selection) -> Iterator[FoundPhoto | Refused]:
    for text in inputs:
        fitting = [Path(text)] if _exists(text) else _expand(text)
        if not fitting:
            yield FoundPhoto(Path(text), Path(Path(text).name))
        paths = fitting if _exists(text) else [path for path in fitting if not _is_left_alone(path, text)]
        if fitting and not paths:
            yield Refused(Path(text), RequestError("It fits nothing but what systems put there.", hint=HINT))
        for path in paths:
            if is_folder(path):
                inside = [each for each in written if not real(path).is_relative_to(each)]
                yield from sorted(_search(path, inside, selection), key=lambda found: found.path)
            else:
                yield FoundPhoto(path, Path(path.name))


def _expand(pattern: str) -> list[Path]:
    """The files and folders that a pattern fits."""
    return list(map(Path, sorted(glob.glob(pattern, recursive=True))))  # noqa: PTH207


def _is_left_alone(path: Path, pattern: str) -> bool:
    """Whether a system put there what a pattern fits, and the user did not write out its name."""
    written_out = takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts)
    return any(map(is_systems_own, path.parts[len(list(written_out)) :]))


def _search(folder: Path, written: list[Path], selection: Selection) -> Iterator[FoundPhoto | Refused]:
    """What a folder has: photos, and what is no photo, in no order."""
    unsearched: list[OSError] = []
    for root, folders, names in os.walk(folder, onerror=unsearched.append):
        here = Path(root)
        folders[:] = [name for name in folders if _is_wanted(here / name, written)]
        for link in (here / name for name in folders):
            if link.is_symlink() and not real(link).is_relative_to(real(folder)):
                yield Refused(
                    link, RequestError("It is a link to a folder.", hint="Give that folder itself.")
                )
        for path in (here / name for name in names):
            relative = path.relative_to(folder)
            if _is_wanted(path, written) and selection.wants(relative):
                error = _refusal(path, by_suffix=not selection.patterns)
                yield FoundPhoto(path, relative) if error is None else Refused(path, error)
    for failure in unsearched:
        hint = "Check that this user can read it."
        error = RequestError(f"The folder cannot be searched: {failure.strerror}.", hint=hint)
        yield Refused(Path(failure.filename), error)


def _is_wanted(path: Path, written: list[Path]) -> bool:
    if is_systems_own(path.name):
        return False
    return not any(map(real(path).is_relative_to, written))


def _refusal(path: Path, *, by_suffix: bool) -> RequestError | None:
    """Why a file of a folder is not taken. None if it is, or cannot be looked up: reading it tells why."""
    if by_suffix and path.suffix.lower() not in READ_SUFFIXES:
        suffixes = ", ".join(sorted(READ_SUFFIXES))
        return UnsupportedFormat(f"Only {suffixes} files are taken from a folder.", hint=HINT)
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return None
    except OSError:
        return None
    return UnsupportedFormat("It is a pipe, a socket or a device, and no file.")


def real(path: Path) -> Path:
    """The absolute path without links. `Path.resolve` raises a RuntimeError for links in a circle."""
    return Path(os.path.realpath(path))


def is_folder(path: Path) -> bool:
    """Whether a path is a folder. A path that cannot be looked up is not.

    `Path.is_dir` raises an OSError for a name that is too long, and in a folder that cannot be searched.
    """
    try:
        return path.is_dir()
    except OSError:
        return False


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # as in `is_folder`
        return False
