"""Process photos from files and folders once, into another folder."""

import logging
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
from facecraft.results import Portrait
from facecraft.types import ImageFormat

logger = logging.getLogger(__name__)


class Processor(Protocol):
    """The part of a Pipeline that this module needs."""

    def process(self, data: bytes, options: Options, *, judge: bool = False) -> Portrait: ...


@dataclass(frozen=True, slots=True)
class Job:
    """One photo, and the path for its portrait.

    Attributes:
        photo: its path.
        target: path of the portrait without its suffix.
        suffix: of the portrait; None for its format's suffix.
    """

    photo: Path
    target: Path
    suffix: str | None = None

    def portrait(self, format_: ImageFormat) -> Path:
        """Path of the portrait in this format."""
        suffix = SUFFIXES[format_] if self.suffix is None else self.suffix
        return self.target.with_name(self.target.name + suffix)


def find_jobs(inputs: Iterable[str], folder: Path) -> list[Job]:
    """Make a job for every photo in the inputs, each photo once.

    Args:
        inputs: files, folders (the output gets the same subfolders) and glob patterns.
        folder: for the portraits.
    """
    taken: set[Path] = set()
    return [
        Job(photo.path, _unique(folder / photo.relative.with_suffix(""), taken))
        for photo in find_photos(inputs, folder)
    ]


def process_jobs(
    jobs: list[Job], pipeline: Processor, options: Options, *, judge: bool = False
) -> Iterator[Entry]:
    """Process photos one after another; a failed one does not stop the others.

    Args:
        jobs: the photos.
        pipeline: makes the portraits.
        options: of every portrait.
        judge: whether to add verdicts; with a preset there always are verdicts.

    Yields:
        The result of each photo, in order, as soon as it is known.
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
    """Process one photo and write its portrait. Return the portrait, or the error."""
    try:
        portrait = pipeline.process(read_photo(job.photo), options, judge=judge)
        _write(job.portrait(portrait.format), portrait.data, photos)
    except FacecraftError as error:
        return error
    except Exception as error:  # it is reported, and the other photos are still processed
        logger.debug("%s failed.", job.photo, exc_info=True)
        return InferenceFailed(f"The models failed on this picture: {error!r}.")
    return portrait


def _write(target: Path, data: bytes, photos: set[Path]) -> None:
    if target.resolve() in photos:
        raise RequestError(f"The portrait would overwrite the photo {target}.", hint="Use another folder.")
    try:
        write_whole(target, data)
    except OSError as error:
        hint = "Make room in its folder, or use another one."
        raise ServiceError(f"The portrait {target} cannot be written: {error}.", hint=hint) from error


def _unique(path: Path, taken: set[Path]) -> Path:
    """The path, with a number added if another photo has it already."""
    target, number = path, 1
    while target in taken:
        number += 1
        target = path.with_name(f"{path.name}-{number}")
    taken.add(target)
    return target
