"""Photos that are words, and the portraits that a runner makes of them."""

from collections.abc import Callable, Sequence

from facecraft.bulk.plan import Shard
from facecraft.bulk.row import Row
from facecraft.bulk.run import Archive, Tally, process
from facecraft.bulk.runners.base import Runner
from facecraft.bulk.runners.worker import Job
from facecraft.bulk.storage import Storage
from facecraft.folders.selection import EVERYTHING
from facecraft.options import Options

OPTIONS = Options(restorer="none")
Told = Callable[[Tally, Sequence[Row]], None]


class Bucket:
    """Photos and portraits below one URL.

    Attributes:
        job: makes the portraits.
        photos: storage of the photos.
        portraits: storage of the portraits.
    """

    def __init__(self, url: str) -> None:
        self.job = Job(f"{url}/in", f"{url}/out", OPTIONS)
        self.photos, self.portraits = Storage(self.job.source), Storage(self.job.target)

    def put(self, word: str, count: int, first: int = 0) -> None:
        """Photos named and made of a word and a number. `makers` says what becomes of each word."""
        for number in range(first, first + count):
            self.photos.write(f"{word}-{number:03}.jpg", f"{word} {number}".encode())

    def run(
        self,
        runner: Runner,
        *,
        shard: Shard | None = None,
        retry_failed: bool = False,
        manifest: str | None = None,
        told: Told | None = None,
    ) -> tuple[Tally, list[Row]]:
        """The tally and the rows of a run."""
        rows: list[Row] = []

        def add(tally: Tally, more: Sequence[Row]) -> None:
            rows.extend(more)
            if told is not None:
                told(tally, more)

        archive = Archive(
            job=self.job,
            selection=EVERYTHING,
            shard=shard or Shard(),
            retry_failed=retry_failed,
            manifest=manifest,
        )
        return process(archive, runner, add), rows

    def made(self) -> dict[str, str]:
        """The content of every portrait, by its key."""
        keys = [found.key for page in self.portraits.pages() for found in page]
        return {key: self.portraits.read(key).decode() for key in keys if not key.startswith("_facecraft/")}
