"""Lock a photo, so that only one watcher processes it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Fingerprint: TypeAlias = tuple[int, ...]
"""Inode, size, time of the last write, time of the last change of content, name or permissions."""


def fingerprint(status: os.stat_result) -> Fingerprint:
    """The state of a file: it changes when the file is written, replaced, or made readable."""
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@dataclass(frozen=True, slots=True)
class LockedPhoto:
    """A photo that this process has locked.

    Attributes:
        path: its path when it was locked.
        descriptor: its open file; closing it ends the lock.
    """

    path: Path
    descriptor: int

    def fingerprint(self) -> Fingerprint:
        """The state of the file now."""
        return fingerprint(os.fstat(self.descriptor))

    @property
    def size_bytes(self) -> int:
        return os.fstat(self.descriptor).st_size

    def read(self, limit_bytes: int) -> bytes:
        """Read its first `limit_bytes` bytes."""
        with os.fdopen(os.dup(self.descriptor), "rb") as file:
            file.seek(0)
            return file.read(limit_bytes)


@contextmanager
def locked(path: Path) -> Iterator[LockedPhoto | None]:
    """Lock a photo for the block.

    Yields:
        The photo, or None if another watcher has locked or moved it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        yield None
        return
    try:
        yield LockedPhoto(path, descriptor) if _lock(path, descriptor) else None
    finally:
        os.close(descriptor)


def _lock(path: Path, descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another watcher may have moved it after this one opened it.
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except (BlockingIOError, FileNotFoundError):
        return False
