"""A row of the ledger: what became of one portrait, and which photo it was made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facecraft.errors import FacecraftError, InferenceFailed, ServiceError
from facecraft.folders.manifest import Entry

if TYPE_CHECKING:
    import pyarrow as pa

PASSING = ("storage_failed", InferenceFailed.code)
"""Codes of failures that the next run tries again: nothing is wrong with the photo."""


class WorkerLost(ServiceError):
    """A photo ends the process that works on it."""

    status = 500
    code = "worker_lost"
    hint = "Look at the photo, and at the memory of the machine. --retry-failed tries it again."


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one portrait.

    Attributes:
        entry: as in a manifest.
        stamp: of the photo that was read.
        worker: which process worked on it.
        time: when, in seconds since 1970.
    """

    entry: Entry
    stamp: str
    worker: str
    time: float

    @property
    def final(self) -> bool:
        """Whether the next run leaves the photo alone."""
        return self.code not in PASSING

    @property
    def code(self) -> str | None:
        """Of the failure; None for a portrait."""
        return None if self.entry.problem is None else str(self.entry.problem["code"])

    @classmethod
    def failed(cls, key: str, stamp: str, error: FacecraftError, worker: str, time: float) -> "Row":
        return cls(Entry.failed(key, error), stamp, worker, time)


def schema() -> "pa.Schema":
    """The columns of the ledger and of a manifest in Parquet."""
    import pyarrow as pa  # noqa: PLC0415

    text, texts = pa.string(), pa.list_(pa.string())
    return pa.schema(
        [
            *(("file", text), ("output", text), ("status", text), ("verdict", text)),
            *(("failed_rules", texts), ("notes", texts), ("width", pa.int32()), ("height", pa.int32())),
            *(("bytes", pa.int64()), ("ms", pa.float64()), ("restorer", text)),
            *(("code", text), ("detail", text), ("hint", text)),
            *(("stamp", text), ("worker", text), ("time", pa.float64())),
        ]
    )


def table(rows: Sequence[Row]) -> "pa.Table":
    """The rows as a table."""
    import pyarrow as pa  # noqa: PLC0415

    return pa.Table.from_pylist([_members(row) for row in rows], schema())


def _members(row: Row) -> Mapping[str, Any]:
    entry, problem = row.entry, row.entry.problem or {}
    return {
        **{name: getattr(entry, name) for name in ("file", "output", "status", "verdict", "width", "height")},
        **{name: getattr(entry, name) for name in ("bytes", "ms", "restorer")},
        "failed_rules": list(entry.failed_rules),
        "notes": list(entry.notes),
        **{name: problem.get(name) for name in ("code", "detail", "hint")},
        **{name: getattr(row, name) for name in ("stamp", "worker", "time")},
    }
