"""Write a ZIP archive entry by entry.

Each entry is built in memory, like its portrait. So its header has its size and checksum, and clients can
unpack the archive while it arrives. On a stream, zipfile would write sizes after the data. Most programs
cannot unpack such entries from a pipe.
"""

import stat
from typing import TYPE_CHECKING, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from typing import IO

PERMISSIONS = stat.S_IFREG | 0o644


class ZipWriter:
    """Returns the bytes of each entry. All entries have the earliest date of a ZIP."""

    def __init__(self) -> None:
        self._pending = _PendingFile()
        self._zip = ZipFile(cast("IO[bytes]", self._pending), "w", ZIP_STORED)

    def add(self, name: str, data: bytes) -> bytes:
        """The bytes of one entry, uncompressed."""
        info = ZipInfo(name)
        info.external_attr = PERMISSIONS << 16
        self._zip.writestr(info, data)
        return self._pending.take()

    def end(self) -> bytes:
        """The bytes of the archive's directory."""
        self._zip.close()
        return self._pending.take()


class _PendingFile:
    """The file of a ZipFile. zipfile can seek back only over bytes that were not taken yet."""

    def __init__(self) -> None:
        self._taken_bytes = 0
        self._bytes = bytearray()
        self._offset = 0

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._taken_bytes += len(taken)
        self._bytes.clear()
        return taken

    def tell(self) -> int:
        return self._offset

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0  # noqa: S101  # zipfile seeks from the start only
        assert offset >= self._taken_bytes  # noqa: S101
        self._offset = offset
        return offset

    def write(self, data: bytes) -> int:
        start = self._offset - self._taken_bytes
        self._bytes[start : start + len(data)] = data
        self._offset += len(data)
        return len(data)

    def flush(self) -> None:
        pass
