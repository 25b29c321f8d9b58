"""`facecraft process` with URLs: portraits of all photos in a bucket."""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from facecraft.cli.archive_options import ArchiveOptions
from facecraft.cli.photos import failure
from facecraft.errors import InvalidOption
from facecraft.options import Options

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from facecraft.bulk.plan import Shard
    from facecraft.bulk.row import Row
    from facecraft.bulk.run import Tally
    from facecraft.bulk.runners.base import Runner
    from facecraft.bulk.runners.worker import Job
    from facecraft.folders.selection import Selection

STORAGE_GONE = 2
TOLD_S = 10.0
"""How often the progress is told, in seconds."""
SHARD_HINT = "Give I/N, with I from 0 to N - 1: --shard 0/4."


def process_archive(
    inputs: Sequence[str],
    output: str,
    options: Options,
    archive: ArchiveOptions,
    *,
    manifest: str | None,
    selection: "Selection",
) -> int:
    """Make the portraits of a bucket, on this machine or a cluster.

    Returns:
        The exit code: 0; 1 if any photo failed; 2 if the storage does not answer any more.

    Raises:
        FacecraftError: the options are wrong, or nothing can be done.
    """
    from facecraft.bulk.manifest import check_url  # noqa: PLC0415
    from facecraft.bulk.run import Archive, process  # noqa: PLC0415
    from facecraft.bulk.runners.worker import Job  # noqa: PLC0415
    from facecraft.bulk.storage import StorageFailed, is_url  # noqa: PLC0415

    if len(inputs) != 1 or not all(map(is_url, (*inputs, output))):
        raise InvalidOption(
            "Photos in a bucket and their portraits are one URL each.",
            hint="For example: facecraft process s3://photos/in -o s3://photos/out; a folder is file:///data/in.",
        )
    if manifest is not None:
        check_url(manifest)
    job = Job(inputs[0], output, options)
    wanted = Archive(
        job=job,
        selection=selection,
        shard=_shard(archive.shard),
        retry_failed=archive.retry_failed,
        manifest=manifest,
    )
    try:
        with _runner(job, archive) as runner:
            tally = process(wanted, runner, Progress().tell)
    except StorageFailed as error:
        print(failure(output, error.problem()), file=sys.stderr)
        return STORAGE_GONE
    before = f", {tally.before} were finished before" if tally.before else ""
    print(f"{tally.done} done, {tally.failed} failed{before}, in {output}")
    return 1 if tally.failed else 0


def _runner(job: "Job", archive: ArchiveOptions) -> "AbstractContextManager[Runner]":
    on_cluster = (archive.actors, archive.actor_cpus, archive.actor_gpus)
    if archive.cluster is None:
        if any(value is not None for value in on_cluster):
            raise InvalidOption("Actors are on a cluster.", hint="Give --cluster auto, or its HOST:PORT.")
        from facecraft.bulk.runners.local import LocalRunner  # noqa: PLC0415

        return LocalRunner(job)
    try:
        from facecraft.bulk.runners.ray import Pool, RayRunner  # noqa: PLC0415
    except ModuleNotFoundError as error:
        hint = "Install it: pip install 'facecraft[bulk,ray]'."
        raise InvalidOption("--cluster needs Ray, which is not there.", hint=hint) from error
    least, most = _actors(archive.actors)
    pool = Pool(least, most, archive.actor_cpus or 1, archive.actor_gpus or 0)
    return RayRunner(job, archive.cluster, pool)


def _actors(text: str | None) -> tuple[int, int]:
    """The least and the largest number of actors."""
    parts = (text or "1").split(":")
    numbers = [int(part) for part in parts if part.isdecimal()]
    if len(numbers) != len(parts) or len(numbers) > 2 or not 1 <= numbers[0] <= numbers[-1]:
        raise InvalidOption(f"{text} is no number of actors.", hint="Give MIN:MAX, such as --actors 2:8.")
    return numbers[0], numbers[-1]


class Progress:
    """Tells on standard error how far a run is, and each failure."""

    def __init__(self) -> None:
        self._start_s = self._told_s = time.monotonic()

    def tell(self, tally: "Tally", rows: "Sequence[Row]") -> None:
        """Tell of a photo."""
        for row in rows:
            if row.entry.problem is not None:
                print(failure(row.entry.file, row.entry.problem), file=sys.stderr)
        now = time.monotonic()
        if not rows or now - self._told_s >= TOLD_S:
            self._told_s = now
            print(self._line(tally, now - self._start_s), file=sys.stderr)

    @staticmethod
    def _line(tally: "Tally", seconds: float) -> str:
        if not tally.worked:
            return f"{tally.photos} photos, and {tally.others} other objects"
        rate = tally.worked / seconds
        left_s = (tally.photos - tally.before - tally.worked) / rate
        return (
            f"{tally.before + tally.worked} of {tally.photos} photos, {rate:.1f} a second, "
            f"{_time(left_s)} left at most, {tally.failed} failed"
        )


def _time(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _shard(text: str | None) -> "Shard":
    from facecraft.bulk.plan import Shard  # noqa: PLC0415

    if text is None:
        return Shard()
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise InvalidOption(f"There is no shard {text}.", hint=SHARD_HINT)
    return Shard(int(number), int(count))
