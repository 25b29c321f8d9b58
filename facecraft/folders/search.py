"""Find the photos that files, folders and patterns name, and read them."""

import glob
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from facecraft.errors import RequestError
from facecraft.imaging.formats import READ_SUFFIXES


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A photo that an input names.

    Attributes:
        path: where it is.
        relative: its path below the folder that was named; its name alone where it was named itself.
    """

    path: Path
    relative: Path


def find_photos(inputs: Iterable[str], output: Path | None = None) -> list[FoundPhoto]:
    """Every photo that the inputs name, each once, in their order.

    Args:
        inputs: files, folders (with their subfolders) and glob patterns. A name that leads to nothing counts
            as a photo, so that reading it says so.
        output: a folder in which portraits of an earlier run may lie: not searched if it lies in an input.
    """
    found: dict[Path, FoundPhoto] = {}
    for photo in _named(inputs, None if output is None else output.resolve()):
        found.setdefault(photo.path.resolve(), photo)
    return list(found.values())


def read_photo(path: Path) -> bytes:
    """The content of a photo's file.

    Raises:
        RequestError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        hint = "Check its name, and that this user may read it."
        raise RequestError(f"The photo cannot be read: {error.strerror}.", hint=hint) from error


def _named(inputs: Iterable[str], output: Path | None) -> Iterator[FoundPhoto]:
    for text in inputs:
        paths = [text] if _exists(text) else sorted(glob.glob(text, recursive=True))  # noqa: PTH207
        if not paths:
            yield FoundPhoto(Path(text), Path(Path(text).name))
        for path in map(Path, paths):
            if not path.is_dir():
                yield FoundPhoto(path, Path(path.name))
                continue
            for photo in sorted(path.rglob("*")):
                if (
                    photo.suffix.lower() in READ_SUFFIXES
                    and photo.is_file()
                    and not _is_in(photo, path, output)
                ):
                    yield FoundPhoto(photo, photo.relative_to(path))


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # a name that is too long, or a folder that may not be searched
        return False


def _is_in(photo: Path, searched: Path, output: Path | None) -> bool:
    """Whether a photo lies in the output folder, and that is a part of the searched one."""
    if output is None or output == searched.resolve():
        return False
    return photo.resolve().is_relative_to(output)
