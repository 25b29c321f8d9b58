"""One run over a bucket: what is left of it, by a runner, into the ledger, and to the manifest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from facecraft.bulk import manifest
from facecraft.bulk.ledger import Ledger, run_of
from facecraft.bulk.plan import Plan, Shard
from facecraft.bulk.row import Row
from facecraft.bulk.runners.base import Runner
from facecraft.bulk.runners.worker import Job
from facecraft.bulk.storage import Storage
from facecraft.folders.selection import Selection


@dataclass(slots=True)
class Tally:
    """How far a run is.

    Attributes:
        photos: number of those to do.
        before: photos that were finished before.
        others: objects that are no photo.
        worked: photos of this run that are worked on already.
        done: portraits of these.
        failed: photos of these, or faces, without a portrait.
    """

    photos: int = 0
    before: int = 0
    others: int = 0
    worked: int = 0
    done: int = 0
    failed: int = 0

    def count(self, rows: Sequence[Row]) -> None:
        """Count the rows of one photo."""
        failed = sum(row.code is not None for row in rows)
        self.done += len(rows) - failed
        self.failed += failed
        self.worked += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What is to be done with a bucket.

    Attributes:
        job: photos, portraits and options.
        selection: of the photos.
        shard: the part of them to do.
        retry_failed: whether photos are tried again that failed for good.
        manifest: URL of a file for the results of all shards; None for none.
    """

    job: Job
    selection: Selection
    shard: Shard
    retry_failed: bool = False
    manifest: str | None = None


def process(archive: Archive, runner: Runner, told: Callable[[Tally, Sequence[Row]], None]) -> Tally:
    """Make the portraits of all photos that are not finished.

    Args:
        archive: photos and portraits.
        runner: works on them.
        told: called with the tally at the beginning, and after each photo with its rows too.

    Raises:
        FacecraftError: the storage fails, or the workers do not start. What was done is in the ledger.
    """
    source, target = Storage(archive.job.source), Storage(archive.job.target)
    plan = Plan(source, target, archive.selection, archive.shard)
    ledger = Ledger(target, run_of(archive.job.options, runner.models()))
    finished = ledger.finished(failed_too=not archive.retry_failed)
    tally = Tally(photos=plan.photos, others=plan.others)

    def add(rows: Sequence[Row]) -> None:
        ledger.add(rows)
        tally.count(rows)
        tally.before = plan.passed
        told(tally, rows)

    told(tally, ())
    try:
        runner.run(plan.tasks(finished), add)
    finally:
        ledger.write()
    tally.before = plan.passed
    if archive.manifest is not None:
        manifest.write(ledger, archive.manifest)
    return tally
