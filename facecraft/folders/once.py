"""Photos from files and folders become portraits in a folder, once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Protocol

from facecraft.errors import FacecraftError, InferenceFailed, RequestError, ServiceError
from facecraft.files import write_whole
from facecraft.folders.manifest import Entry
from facecraft.folders.search import find_photos, read_photo
from facecraft.imaging.formats import SUFFIXES
from facecraft.options import Options
from facecraft.types import ImageFormat, Portrait


class Processor(Protocol):
    """The part of a Pipeline that this needs."""

    def process(self, data: bytes, options: Options, *, judge: bool = False) -> Portrait: ...


@dataclass(frozen=True, slots=True)
class Job:
    """One photo, and where its portrait goes.

    Attributes:
        photo: its path.
        target: path of the portrait without its suffix.
        suffix: of the portrait; None for the one of its format.
    """

    photo: Path
    target: Path
    suffix: str | None = None

    def portrait(self, format_: ImageFormat) -> Path:
        """Path of the portrait, if that has this format."""
        suffix = SUFFIXES[format_] if self.suffix is None else self.suffix
        return self.target.with_name(self.target.name + suffix)


def find_jobs(inputs: Iterable[str], folder: Path) -> list[Job]:
    """A job for every photo that the inputs name, each photo once.

    Args:
        inputs: files, folders (whose structure is kept) and glob patterns.
        folder: where the portraits go.
    """
    taken: set[Path] = set()
    return [
        Job(photo.path, _unique(folder / photo.relative.with_suffix(""), taken))
        for photo in find_photos(inputs, folder)
    ]


def process_jobs(
    jobs: list[Job], pipeline: Processor, options: Options, *, judge: bool = False
) -> Iterator[Entry]:
    """Process photos one after another; one that fails does not stop the rest.

    Args:
        jobs: the photos.
        pipeline: makes the portraits.
        options: of every portrait.
        judge: whether the portraits are judged; with a preset they always are.

    Yields:
        What became of each photo, in order, as soon as it is known.
    """
    photos = {job.photo.resolve() for job in jobs}
    for job in jobs:
        start_s = perf_counter()
        outcome = _outcome(job, photos, pipeline, options, judge=judge)
        ms = (perf_counter() - start_s) * 1000
        if isinstance(outcome, FacecraftError):
            yield Entry.failed(str(job.photo), outcome, ms)
        else:
            yield Entry.done(str(job.photo), str(job.portrait(outcome.format)), outcome, ms)


def _outcome(
    job: Job, photos: set[Path], pipeline: Processor, options: Options, *, judge: bool
) -> Portrait | FacecraftError:
    """The portrait, which is written, or why there is none."""
    try:
        portrait = pipeline.process(read_photo(job.photo), options, judge=judge)
        _write(job.portrait(portrait.format), portrait.data, photos)
    except FacecraftError as error:
        return error
    except Exception as error:  # noqa: BLE001  # it is reported, and the other photos are still processed
        return InferenceFailed(f"The models failed on this picture: {error!r}.")
    return portrait


def _write(target: Path, data: bytes, photos: set[Path]) -> None:
    if target.resolve() in photos:
        raise RequestError(f"The portrait would overwrite the photo {target}.", hint="Name another folder.")
    try:
        write_whole(target, data)
    except OSError as error:
        hint = "Make room in its folder, or name another one."
        raise ServiceError(f"The portrait {target} cannot be written: {error}.", hint=hint) from error


def _unique(wanted: Path, taken: set[Path]) -> Path:
    """The path, with a number added where another photo has it already."""
    target, number = wanted, 1
    while target in taken:
        number += 1
        target = wanted.with_name(f"{wanted.name}-{number}")
    taken.add(target)
    return target
