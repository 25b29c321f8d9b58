"""Find photos by files, folders and patterns, and read them."""

import glob
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from facecraft.errors import RequestError
from facecraft.imaging.formats import READ_SUFFIXES


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A found photo.

    Attributes:
        path: of its file.
        relative: its path inside the input folder; only its name if the input is the photo itself.
    """

    path: Path
    relative: Path


def find_photos(inputs: Iterable[str], output: Path | None = None) -> list[FoundPhoto]:
    """Find every photo in the inputs, each once, in order.

    Args:
        inputs: files, folders (with their subfolders) and glob patterns. A missing file counts as a photo, so
            that reading it reports the error.
        output: a folder with portraits of earlier runs; it is not searched, even if it is inside an input.
    """
    found: dict[Path, FoundPhoto] = {}
    for photo in _find(inputs, None if output is None else output.resolve()):
        found.setdefault(photo.path.resolve(), photo)
    return list(found.values())


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


def _find(inputs: Iterable[str], output: Path | None) -> Iterator[FoundPhoto]:
    for text in inputs:
        paths = [text] if _exists(text) else sorted(glob.glob(text, recursive=True))  # noqa: PTH207
        if not paths:
            yield FoundPhoto(Path(text), Path(Path(text).name))
        for path in map(Path, paths):
            if not is_folder(path):
                yield FoundPhoto(path, Path(path.name))
                continue
            for photo in sorted(path.rglob("*")):
                if (
                    photo.suffix.lower() in READ_SUFFIXES
                    and _is_file(photo)
                    and not _is_in(photo, path, output)
                ):
                    yield FoundPhoto(photo, photo.relative_to(path))


def is_folder(path: Path) -> bool:
    """Whether a path is a folder. A path that cannot be looked up is not.

    `Path.is_dir` raises an OSError for a name that is too long, and in a folder that cannot be searched.
    """
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_file(path: Path) -> bool:
    """Whether a path is a file. One that cannot be looked up counts, so that reading it reports the error."""
    try:
        return path.is_file()
    except OSError:
        return True


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # as in `is_folder`
        return False


def _is_in(photo: Path, searched: Path, output: Path | None) -> bool:
    """Whether a photo is in the output folder, inside the searched one."""
    if output is None or output == searched.resolve():
        return False
    return photo.resolve().is_relative_to(output)
