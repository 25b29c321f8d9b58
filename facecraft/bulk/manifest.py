"""The manifest of a run: the last row of each portrait, out of the whole ledger."""

import csv
import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from facecraft.bulk.ledger import Ledger, hashes
from facecraft.bulk.row import schema
from facecraft.bulk.storage import Storage, split_url
from facecraft.errors import InvalidOption
from facecraft.folders.manifest import cell

SUFFIXES = (".parquet", ".csv")


def check_url(url: str) -> None:
    """Raise InvalidOption unless a URL names a file in a format that is written."""
    if not url.lower().endswith(SUFFIXES):
        raise InvalidOption(f"--manifest takes a .parquet or .csv file in a bucket, not {url}.")


def write(ledger: Ledger, url: str) -> int:
    """Write every portrait's last row to a Parquet or CSV file.

    Returns:
        The number of rows.

    Raises:
        StorageFailed: it cannot be written, or the ledger not be read.
    """
    folder, name = split_url(url)
    made = _as_csv if name.lower().endswith(".csv") else _as_parquet
    data, count = made(_last_rows(ledger))
    Storage(folder).write(name, data)
    return count


def _as_parquet(parts: Iterator[pa.Table]) -> tuple[bytes, int]:
    buffer, count = io.BytesIO(), 0
    with pq.ParquetWriter(buffer, schema(), compression="zstd") as writer:
        for part in parts:
            count += len(part)
            writer.write_table(part)
    return buffer.getvalue(), count


def _as_csv(parts: Iterator[pa.Table]) -> tuple[bytes, int]:
    text, count = io.StringIO(newline=""), 0
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(schema().names)
    for part in parts:
        count += len(part)
        writer.writerows([cell(value) for value in row.values()] for row in part.to_pylist())
    return text.getvalue().encode(errors="backslashreplace"), count


def _last_rows(ledger: Ledger) -> Iterator[pa.Table]:
    """Each part, with those rows that no later one of the same photo replaces."""
    times = [
        (hashes(part["file"].to_pylist()), part["time"].to_numpy()) for part in ledger.parts(["file", "time"])
    ]
    if not times:
        return
    keys, latest = np.concatenate([key for key, _ in times]), np.concatenate([when for _, when in times])
    order = np.lexsort((latest, keys))
    keys, latest = keys[order], latest[order]
    last = np.append(keys[1:] != keys[:-1], True)
    keys, latest = keys[last], latest[last]
    for part in ledger.parts():
        places = np.searchsorted(keys, hashes(part["file"].to_pylist()))
        yield part.filter(pa.array(part["time"].to_numpy() == latest[places]))
