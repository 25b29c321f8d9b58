"""The meaning of `-o`: a folder, or the file of one portrait."""

import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facecraft.errors import InvalidOption
from facecraft.folders.once import Job, make_jobs
from facecraft.folders.search import FoundPhoto, is_folder
from facecraft.folders.writable import ensure_writable
from facecraft.imaging.formats import FORMATS, WRITERS
from facecraft.types import ImageFormat

FORMAT_OF_SUFFIX: Mapping[str, ImageFormat] = {
    suffix: name for name in WRITERS for suffix in FORMATS[name].suffixes
}


@dataclass(frozen=True, slots=True)
class Output:
    """The place for the portraits.

    Attributes:
        jobs: one for each photo.
        folder: of the portraits.
        format: from the file's suffix; None for a folder.
    """

    jobs: list[Job]
    folder: Path
    format: ImageFormat | None = None


def plan_output(
    inputs: Iterable[str], photos: Sequence[FoundPhoto], path: Path, requested_format: str
) -> Output:
    """Decide where portraits go.

    One photo and an image suffix give a file; everything else gives a folder.

    Args:
        inputs: files, folders and patterns.
        photos: what was found in them.
        path: the value of `-o`.
        requested_format: the value of `--format`.

    Raises:
        InvalidOption: the path contradicts `--format`, has the suffix of a format that cannot be written, or
            is the photo.
    """
    jobs = make_jobs(photos, path)
    if len(jobs) != 1 or is_folder(path) or any(is_folder(Path(text)) for text in inputs):
        return Output(jobs, path)
    format_ = _format_of(path)
    if format_ is None:
        return Output(jobs, path)
    if requested_format not in ("auto", format_):
        raise InvalidOption(
            f"-o {path.name} is a {format_.upper()} file, but --format is {requested_format}.",
            hint="Omit --format, or change the name.",
        )
    photo = jobs[0].photo
    if photo.resolve() == path.resolve():
        raise InvalidOption(f"The portrait would overwrite the photo {photo}.", hint="Give -o another name.")
    return Output([Job(photo, path.with_suffix(""), path.suffix)], path.parent, format_)


def try_folders(output: Output, manifest: Path | None) -> None:
    """Create the folders of the run, and try to write in each; also in those that portraits find there.

    Raises:
        StartupError: a folder cannot be created or written.
    """
    folders = [] if manifest is None else [manifest.parent]
    if output.jobs:
        within = {job.target.parent for job in output.jobs}
        folders += [output.folder, *sorted(folder for folder in within if is_folder(folder))]
    for folder in dict.fromkeys(folders):
        ensure_writable(folder)


def _format_of(path: Path) -> ImageFormat | None:
    """The format of a file's suffix; None if the path may be a folder."""
    format_ = FORMAT_OF_SUFFIX.get(path.suffix.lower())
    media_type, _ = mimetypes.guess_type(path.name)
    if format_ is None and media_type is not None and media_type.startswith("image/"):
        raise InvalidOption(
            f"Portraits cannot be written as {path.suffix} files.",
            hint=f"Use a folder, or a file that ends in {', '.join(FORMAT_OF_SUFFIX)}.",
        )
    return format_
