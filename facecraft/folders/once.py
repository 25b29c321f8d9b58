"""Photos from files and folders, portraits into a folder."""

import glob
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from tqdm import tqdm

from facecraft.errors import FacecraftError, InferenceFailed, RequestError
from facecraft.files import write_whole
from facecraft.folders.manifest import Entry
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import SUFFIX_OF

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
"""What is taken from a folder; a file that is named itself may have any name."""


@dataclass(frozen=True, slots=True)
class Job:
    """One photo, and where its portrait goes, without the suffix."""

    photo: Path
    target: Path


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a batch.

    Attributes:
        entries: one a photo, in order.
    """

    done: int
    failed: int
    entries: tuple[Entry, ...] = field(default=(), compare=False)


def find_jobs(inputs: Iterable[str], folder: Path) -> list[Job]:
    """Every photo that the inputs name, each once.

    Args:
        inputs: files, folders (searched through, their own structure kept) and glob patterns.
        folder: where the portraits go.
    """
    jobs: dict[Path, Job] = {}
    own = folder.resolve()  # portraits of an earlier run are no photos
    for photo, relative in _photos(inputs, own):
        jobs.setdefault(photo.resolve(), Job(photo, folder / relative.with_suffix("")))
    taken: set[Path] = set()
    return [_unique(job, taken) for job in jobs.values()]


def run(jobs: list[Job], pipeline: Pipeline, options: Options, *, judge: bool = False) -> Summary:
    """Process the photos one after another; one that fails does not stop the rest.

    Prints a line for each failure and, on a terminal, a progress bar with rate and ETA, to standard error.
    """
    photos = {job.photo.resolve() for job in jobs}
    entries = []
    with tqdm(jobs, unit="photo", file=sys.stderr, disable=None) as progress:
        for job in progress:
            start = perf_counter()
            try:
                portrait = pipeline.process(job.photo.read_bytes(), options, judge=judge)
                target = job.target.with_name(job.target.name + SUFFIX_OF[portrait.format])
                if target.resolve() in photos:
                    raise RequestError(f"Its portrait would overwrite the photo {target}.")
                write_whole(target, portrait.data)
                entry = Entry.done(str(job.photo), str(target), portrait, _since_ms(start))
            except Exception as error:  # noqa: BLE001  # whatever it is, it is said, and the rest goes on
                known = error if isinstance(error, FacecraftError) else InferenceFailed(repr(error))
                entry = Entry.failed(str(job.photo), known, _since_ms(start))
                reason = f"{error.code}: {error.detail}" if error is known else known.detail
                progress.write(f"{job.photo}: {reason}", file=sys.stderr)
            entries.append(entry)
    failed = sum(entry.status == "failed" for entry in entries)
    return Summary(done=len(jobs) - failed, failed=failed, entries=tuple(entries))


def _since_ms(start: float) -> float:
    return (perf_counter() - start) * 1000


def _photos(inputs: Iterable[str], own: Path) -> Iterator[tuple[Path, Path]]:
    """Each photo, and its path relative to the input that named it."""
    for text in inputs:
        named = [text] if _exists(text) else sorted(glob.glob(text, recursive=True))  # noqa: PTH207
        if not named:
            yield Path(text), Path(Path(text).name)  # fails when it is read, with its name
        for path in map(Path, named):
            if not path.is_dir():
                yield path, Path(path.name)
                continue
            for photo in sorted(path.rglob("*")):
                if photo.suffix.lower() in SUFFIXES and photo.is_file() and not _inside(photo, path, own):
                    yield photo, photo.relative_to(path)


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # a name that is too long, or a folder that may not be searched
        return False


def _inside(photo: Path, searched: Path, own: Path) -> bool:
    """Whether a photo lies in the output folder, where that is a part of the folder that is searched."""
    return own != searched.resolve() and photo.resolve().is_relative_to(own)


def _unique(job: Job, taken: set[Path]) -> Job:
    """The job with a number added to its target where another photo has that name already."""
    target, number = job.target, 1
    while target in taken:
        number += 1
        target = job.target.with_name(f"{job.target.name}-{number}")
    taken.add(target)
    return Job(job.photo, target)
