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
from facecraft.folders.search import FoundPhoto, read_photo, real
from facecraft.imaging.formats import SUFFIXES
from facecraft.options import Options
from facecraft.results import Portrait, Portrayal
from facecraft.text import printable
from facecraft.types import ImageFormat

logger = logging.getLogger(__name__)


class Processor(Protocol):
    """The part of a Pipeline that this module needs."""

    def process(self, data: bytes, options: Options, *, judge: bool = False) -> Portrait: ...

    def process_each(self, data: bytes, options: Options, *, judge: bool = False) -> Iterable[Portrayal]: ...


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

    def portrait(self, format_: ImageFormat, mark: str = "") -> Path:
        """Path of the portrait in this format; `mark` tells those of one photo apart."""
        suffix = SUFFIXES[format_] if self.suffix is None else self.suffix
        return self.target.with_name(self.target.name + mark + suffix)


def make_jobs(photos: Iterable[FoundPhoto], folder: Path) -> list[Job]:
    """Make a job for every photo.

    Args:
        photos: each once; for those of a folder the output gets the same subfolders.
        folder: for the portraits.
    """
    taken: set[Path] = set()
    return [Job(photo.path, _unique(folder / photo.relative.with_suffix(""), taken)) for photo in photos]


def process_jobs(
    jobs: list[Job], pipeline: Processor, options: Options, *, judge: bool = False
) -> Iterator[list[Entry]]:
    """Process photos one after another; a failed one does not stop the others.

    Args:
        jobs: the photos.
        pipeline: makes the portraits.
        options: of every portrait.
        judge: whether to add verdicts; with a preset there always are verdicts.

    Yields:
        The results of each photo, in order, as soon as they are known: one, or with `each` one for each face.
    """
    photos = {real(job.photo) for job in jobs}
    for job in jobs:
        start_s = perf_counter()
        entries: list[Entry] = []
        try:
            for mark, result, ms in _results(job, pipeline, options, judge=judge):
                entries.append(_entry(job, mark, result, ms, photos))
        except FacecraftError as error:
            entries.append(Entry.failed(str(job.photo), error, (perf_counter() - start_s) * 1000))
        except Exception as error:  # it is reported, and the other photos are still processed
            logger.debug("%s failed.", printable(str(job.photo)), exc_info=True)
            failed = InferenceFailed(f"The models failed on this picture: {error!r}.")
            entries.append(Entry.failed(str(job.photo), failed, (perf_counter() - start_s) * 1000))
        yield entries


def _results(
    job: Job, pipeline: Processor, options: Options, *, judge: bool
) -> Iterator[tuple[str, Portrait | RequestError, float]]:
    """The mark of each portrait of a photo, the portrait or its error, and the milliseconds of work."""
    start_s = perf_counter()
    data = read_photo(job.photo)
    if not options.each:
        portrait = pipeline.process(data, options, judge=judge)
        yield "", portrait, (perf_counter() - start_s) * 1000
        return
    for each in pipeline.process_each(data, options, judge=judge):
        yield each.mark, each.result, each.ms


def _entry(job: Job, mark: str, result: Portrait | RequestError, ms: float, photos: set[Path]) -> Entry:
    """Write a portrait. Its entry, or that of its error."""
    if isinstance(result, RequestError):
        return Entry.failed(str(job.photo), result, ms)
    target = job.portrait(result.format, mark)
    _write(target, result.data, photos)
    return Entry.done(str(job.photo), str(target), result, ms)


def _write(target: Path, data: bytes, photos: set[Path]) -> None:
    if real(target) in photos:
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
