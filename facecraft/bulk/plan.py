"""Which photos of a bucket are to be done, and the name of each portrait."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from facecraft.bulk.ledger import Finished, hashes
from facecraft.bulk.portraits import Task
from facecraft.bulk.storage import Found, Storage
from facecraft.errors import InvalidOption
from facecraft.folders.selection import Selection, is_systems_own
from facecraft.imaging.formats import READ_SUFFIXES


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of the photos, that different machines do.

    Attributes:
        number: from 0.
        count: of all shards.
    """

    number: int = 0
    count: int = 1

    def has(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which photos are in it, by the hashes of their keys."""
        chosen: NDArray[np.bool_] = np.equal(keys % np.uint64(self.count), self.number)
        return chosen


class Plan:
    """The photos of a run. They are listed twice: the first time for the names that several would have.

    Args:
        source: of the photos.
        target: of the portraits; what is below it is no photo.
        selection: of the photos.
        shard: the part to do.

    Raises:
        InvalidOption: portraits would be taken for photos, or overwrite them.

    Attributes:
        photos: number of those in the shard, done or not.
        others: number of objects that are no photo.
        passed: of the photos, how many `tasks` has passed over because they are finished.
    """

    def __init__(self, source: Storage, target: Storage, selection: Selection, shard: Shard) -> None:
        self._source, self._selection, self._shard = source, selection, shard
        self._target = target.within(source)
        if self._target == "" or source.within(target) is not None:
            raise InvalidOption(
                f"Portraits in {target.url} would overwrite photos in {source.url}, or be taken for some.",
                hint="Use a folder of its own for the portraits.",
            )
        self.photos, self.others, self.passed = 0, 0, 0
        names = [hashes([_stem(each.key) for each in page]) for page in self._pages(count=True)]
        every = np.sort(np.concatenate(names)) if names else np.empty(0, np.uint64)
        self._shared = np.unique(every[1:][every[1:] == every[:-1]])

    def tasks(self, finished: Finished) -> Iterator[Task]:
        """Those that are not finished. Raises StorageFailed if the photos cannot be listed."""
        for page in self._pages():
            mine = self._shard.has(hashes([each.key for each in page]))
            done = finished.has(page)
            self.passed += int((mine & done).sum())
            left = [each for each, chosen in zip(page, mine & ~done, strict=True) if chosen]
            shared = np.isin(hashes([_stem(each.key) for each in left]), self._shared)
            for each, several in zip(left, shared, strict=True):
                yield Task(each, _own_name(each.key) if several else _stem(each.key))

    def _pages(self, *, count: bool = False) -> Iterator[list[Found]]:
        for page in self._source.pages():
            photos = [each for each in page if self._is_photo(each.key)]
            if count:
                self.others += sum(self._is_other(each.key) for each in page)
                self.photos += int(self._shard.has(hashes([each.key for each in photos])).sum())
            if photos:
                yield photos

    def _is_photo(self, key: str) -> bool:
        path = PurePosixPath(key)
        if self._is_left_alone(path) or not self._selection.wants(path):
            return False
        return bool(self._selection.patterns) or path.suffix.lower() in READ_SUFFIXES

    def _is_other(self, key: str) -> bool:
        """Whether it is an object that somebody may take for a photo that was passed over."""
        path = PurePosixPath(key)
        return not self._is_left_alone(path) and self._selection.wants(path) and not self._is_photo(key)

    def _is_left_alone(self, path: PurePosixPath) -> bool:
        if self._target is not None and path.is_relative_to(self._target):
            return True
        return any(map(is_systems_own, path.parts))


def _stem(key: str) -> str:
    """The key without its suffix."""
    return str(PurePosixPath(key).with_suffix(""))


def _own_name(key: str) -> str:
    """A name that no other photo has, whatever comes later: with the suffix, and a hash of the key."""
    path = PurePosixPath(key)
    mark = blake2b(key.encode(), digest_size=4).hexdigest()
    return str(path.with_name(f"{path.stem}-{path.suffix[1:].lower()}-{mark}"))
