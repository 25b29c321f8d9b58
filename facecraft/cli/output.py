"""What `-o` means: a folder, or the file of one portrait."""

import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from facecraft.errors import InvalidOption, StartupError
from facecraft.files import make_writable
from facecraft.folders.once import Job, find_jobs
from facecraft.imaging.formats import FORMATS, WRITERS
from facecraft.types import ImageFormat

FORMAT_OF_SUFFIX: Mapping[str, ImageFormat] = {
    suffix: name for name in WRITERS for suffix in FORMATS[name].suffixes
}


@dataclass(frozen=True, slots=True)
class Output:
    """Where portraits go.

    Attributes:
        jobs: one for each photo.
        folder: has to be writable.
        format: that the name of the file asks for; None for a folder.
    """

    jobs: list[Job]
    folder: Path
    format: ImageFormat | None = None


def plan_output(inputs: list[str], path: Path, wanted_format: str) -> Output:
    """Decide where portraits go: one photo and a path whose suffix names a format make that file.

    Everything else makes a folder.

    Args:
        inputs: files, folders and patterns.
        path: what `-o` names.
        wanted_format: what `--format` says.

    Raises:
        InvalidOption: the path contradicts `--format`, names a format that is not written, or is the photo.
    """
    jobs = find_jobs(inputs, path)
    if len(jobs) != 1 or path.is_dir() or any(Path(text).is_dir() for text in inputs):
        return Output(jobs, path)
    format_ = _format_of(path)
    if format_ is None:
        return Output(jobs, path)
    if wanted_format not in ("auto", format_):
        raise InvalidOption(
            f"-o {path.name} is a {format_.upper()} file, but --format is {wanted_format}.",
            hint="Omit --format, or change the name.",
        )
    photo = jobs[0].photo
    if photo.resolve() == path.resolve():
        raise InvalidOption(f"The portrait would overwrite the photo {photo}.", hint="Give -o another name.")
    return Output([Job(photo, path.with_suffix(""), path.suffix)], path.parent, format_)


def make_folders(folders: Iterable[Path]) -> None:
    """Create the folders that are missing, and try to write in each.

    Raises:
        StartupError: one cannot be created or written.
    """
    for folder in folders:
        try:
            make_writable(folder)
        except OSError as error:
            raise StartupError(
                f"The folder {folder} cannot be written: {error.strerror}.",
                hint="Name one that this user may write.",
            ) from error


def _format_of(path: Path) -> ImageFormat | None:
    """The format that a file's name asks for; None if it may be the name of a folder."""
    format_ = FORMAT_OF_SUFFIX.get(path.suffix.lower())
    media_type, _ = mimetypes.guess_type(path.name)
    if format_ is None and media_type is not None and media_type.startswith("image/"):
        raise InvalidOption(
            f"Portraits are not written as {path.suffix} files.",
            hint=f"Name a folder, or a file that ends in {', '.join(FORMAT_OF_SUFFIX)}.",
        )
    return format_
