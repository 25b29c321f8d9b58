"""One photo of a bucket: from its object to the objects of its portraits, and to the rows of the ledger."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from facecraft.bulk.row import Row
from facecraft.bulk.storage import Found, Storage
from facecraft.errors import FacecraftError, InferenceFailed, RequestError
from facecraft.folders.manifest import Entry
from facecraft.folders.once import Processor
from facecraft.imaging.formats import SUFFIXES
from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.text import printable

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """A photo, and where its portraits go.

    Attributes:
        found: the photo's object.
        name: key of the portrait without its suffix.
    """

    found: Found
    name: str


class Maker(Protocol):
    """Makes the portraits of a photo. Safe to use in several threads."""

    def make(self, task: Task) -> list[Row]: ...


class PortraitMaker:
    """Reads a photo, makes its portraits and writes them, each in one request.

    Args:
        source: of the photos.
        target: of the portraits.
        pipeline: makes them.
        options: of each.
        worker: its name, for the ledger.
    """

    def __init__(
        self, source: Storage, target: Storage, pipeline: Processor, options: Options, worker: str
    ) -> None:
        self._source, self._target = source, target
        self._pipeline, self._options, self._worker = pipeline, options, worker

    def make(self, task: Task) -> list[Row]:
        """The rows of a photo: one, or with the option `each` one for each face.

        A photo that fails has a row with its error; nothing is raised for it.
        """
        start_s = perf_counter()
        entries: list[Entry] = []
        try:
            entries += self._entries(task, start_s)
        except FacecraftError as error:
            entries.append(Entry.failed(task.found.key, error, _ms_since(start_s)))
        except Exception as error:  # it is reported, and the other photos are still processed
            logger.debug("%s failed.", printable(task.found.key), exc_info=True)
            failed = InferenceFailed(f"The models failed on this picture: {error!r}.")
            entries.append(Entry.failed(task.found.key, failed, _ms_since(start_s)))
        now = time.time()
        return [Row(entry, task.found.stamp, self._worker, now) for entry in entries]

    def _entries(self, task: Task, start_s: float) -> Iterator[Entry]:
        data = self._source.read(task.found.key)
        if not self._options.each:
            portrait = self._pipeline.process(data, self._options, judge=True)
            yield self._written(task, "", portrait, _ms_since(start_s))
            return
        for each in self._pipeline.process_each(data, self._options, judge=True):
            if isinstance(each.result, RequestError):
                yield Entry.failed(task.found.key, each.result, each.ms)
            else:
                yield self._written(task, each.mark, each.result, each.ms)

    def _written(self, task: Task, mark: str, portrait: Portrait, ms: float) -> Entry:
        key = task.name + mark + SUFFIXES[portrait.format]
        self._target.write(key, portrait.data)
        return Entry.done(task.found.key, key, portrait, ms)


def _ms_since(start_s: float) -> float:
    return (perf_counter() - start_s) * 1000
