"""The ledger of a run: which photos are done, in parts that never change.

OUT/_facecraft/RUN/TIME-ID.parquet has the rows of at most 1000 photos or 10 seconds. RUN names the options
and models: with others the portraits are others, and every photo is done again. Any number of machines may
write at the same time, and any of them may end at any time: what it had not written yet is done again.
"""

import hashlib
import io
import json
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from facecraft.bulk.row import PASSING, Row, table
from facecraft.bulk.storage import Found, Storage
from facecraft.options import Options

FOLDER = "_facecraft"
PART_ROWS = 1000
PART_S = 10.0
COLUMNS = ["file", "stamp", "code", "time"]
"""What tells which photos are finished."""


class Ledger:
    """The parts of one run. Safe to use in several threads.

    Args:
        storage: of the portraits.
        run: names its options and models; see `run_of`.
    """

    def __init__(self, storage: Storage, run: str) -> None:
        self._storage = storage
        self._folder = f"{FOLDER}/{run}"
        self._rows: list[Row] = []
        self._written_at = time.monotonic()
        self._guard = Lock()

    def add(self, rows: Sequence[Row]) -> None:
        """Add the rows of one photo, and write a part if it is time to.

        Raises:
            StorageFailed: the part cannot be written.
        """
        with self._guard:
            self._rows += rows
            late = time.monotonic() - self._written_at >= PART_S
            due = self._rows if late or len(self._rows) >= PART_ROWS else []
        if due:
            self.write()

    def write(self) -> None:
        """Write what was added since the last part. Raises as `add`."""
        with self._guard:
            rows, self._rows = self._rows, []
            self._written_at = time.monotonic()
        if rows:
            buffer = io.BytesIO()
            pq.write_table(table(rows), buffer, compression="zstd")
            name = f"{time.time_ns() // 1000:017d}-{secrets.token_hex(4)}.parquet"
            self._storage.write(f"{self._folder}/{name}", buffer.getvalue())

    def finished(self, *, failed_too: bool = True) -> "Finished":
        """The photos that need no work any more.

        Args:
            failed_too: whether those are among them that failed for good.

        Raises:
            StorageFailed: a part cannot be read.
        """
        parts = [_Part.of(each, failed_too=failed_too) for each in self.parts(COLUMNS)]
        return Finished(parts)

    def parts(self, names: list[str] | None = None) -> Iterator[pa.Table]:
        """Every part, with these columns or all. Raises as `finished`."""
        for page in self._storage.pages(self._folder):
            for found in page:
                yield pq.ParquetFile(io.BytesIO(self._storage.read(found.key))).read(names)


@dataclass(frozen=True, slots=True)
class _Part:
    """One part as numbers.

    Attributes:
        keys: (N,) uint64, hashes of the photos' keys.
        stamps: (N,) uint64, hashes of their stamps.
        times: (N,) float64.
        final: (N,) bool, whether the row needs no other try.
    """

    keys: NDArray[np.uint64]
    stamps: NDArray[np.uint64]
    times: NDArray[np.float64]
    final: NDArray[np.bool_]

    @classmethod
    def of(cls, part: pa.Table, *, failed_too: bool) -> "_Part":
        codes = part["code"].to_pylist()
        return cls(
            hashes(part["file"].to_pylist()),
            hashes(part["stamp"].to_pylist()),
            part["time"].to_numpy(),
            np.array([code is None or (failed_too and code not in PASSING) for code in codes], np.bool_),
        )

    @classmethod
    def joined(cls, parts: "Sequence[_Part]") -> "_Part":
        return cls(
            np.concatenate([part.keys for part in parts]),
            np.concatenate([part.stamps for part in parts]),
            np.concatenate([part.times for part in parts]),
            np.concatenate([part.final for part in parts]),
        )


class Finished:
    """Which photos are finished. Ten million take 160 MB.

    The rows of a photo's last time count: of several portraits, all have to be final.
    """

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._keys = self._stamps = np.empty(0, np.uint64)
        if not parts:
            return
        every = _Part.joined(parts)
        order = np.lexsort((~every.final, every.times, every.keys))
        keys = every.keys[order]
        last = order[np.append(keys[1:] != keys[:-1], [True])]
        finished = last[every.final[last]]
        self._keys, self._stamps = every.keys[finished], every.stamps[finished]

    def __len__(self) -> int:
        return len(self._keys)

    def has(self, found: Sequence[Found]) -> NDArray[np.bool_]:
        """Which of these photos are finished, in the content that they have now."""
        keys, stamps = hashes([each.key for each in found]), hashes([each.stamp for each in found])
        if not self._keys.size:
            return np.zeros(len(found), np.bool_)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        same: NDArray[np.bool_] = np.logical_and(self._keys[places] == keys, self._stamps[places] == stamps)
        return same


def run_of(options: Options, models: Sequence[tuple[str, str]]) -> str:
    """The name of a run: of its options, and of the name and SHA-256 of each model."""
    given = options.model_dump(mode="json", exclude_unset=True)
    said = json.dumps([given, sorted(models)], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def hashes(texts: Sequence[str]) -> NDArray[np.uint64]:
    """64 bits of a hash of each text."""
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, np.uint64)
