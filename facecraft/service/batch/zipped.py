"""A ZIP archive that leaves while it is made, and the names in it.

Each entry is made in memory, where its portrait is anyway, and leaves whole. So its head can hold its size
and checksum, and the archive can be unpacked while it comes; with sizes that follow the data (what zipfile
writes where it cannot go back) most programs could not unpack stored entries from a pipe.
"""

import re
import stat
import unicodedata
from typing import TYPE_CHECKING, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from facecraft.types import SUFFIX_OF, ImageFormat

if TYPE_CHECKING:
    from typing import IO

MAX_STEM_BYTES = 200  # with a number and a suffix, under the 255 that file systems take
HOSTILE = re.compile(r'[<>:"|?*]')
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
PERMISSIONS = stat.S_IFREG | 0o644


class ZipStream:
    """An archive whose bytes are taken entry by entry. All of it is dated the first day that a ZIP knows."""

    def __init__(self) -> None:
        self._pending = _Pending()
        self._zip = ZipFile(cast("IO[bytes]", self._pending), "w", ZIP_STORED)

    def add(self, name: str, data: bytes) -> bytes:
        """The bytes of one entry."""
        info = ZipInfo(name)
        info.external_attr = PERMISSIONS << 16
        self._zip.writestr(info, data)
        return self._pending.take()

    def end(self) -> bytes:
        """The bytes of the archive's directory."""
        self._zip.close()
        return self._pending.take()


class _Pending:
    """A file for zipfile to write to. Of it only what was not taken can be written again."""

    def __init__(self) -> None:
        self._taken_bytes = 0
        self._bytes = bytearray()
        self._at = 0

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._taken_bytes += len(taken)
        self._bytes.clear()
        return taken

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0  # noqa: S101  # zipfile goes nowhere else
        assert offset >= self._taken_bytes  # noqa: S101
        self._at = offset
        return offset

    def write(self, data: bytes) -> int:
        start = self._at - self._taken_bytes
        self._bytes[start : start + len(data)] = data
        self._at += len(data)
        return len(data)

    def flush(self) -> None:
        pass


class Names:
    """Gives every portrait a name of its own that any system can unpack."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def of(self, given: str, format_: ImageFormat) -> str:
        """From the name of its photo, and with the suffix of its format."""
        stem, suffix = stem_of(given), SUFFIX_OF[format_]
        name = stem + suffix
        count = self._counts.get(_folded(name), 1)
        while _folded(name) in self._taken:
            count += 1
            name = f"{stem}-{count}{suffix}"
        self._counts[_folded(stem + suffix)] = count
        self._taken.add(_folded(name))
        return name


def stem_of(given: str) -> str:
    """A client's file name without folders, suffix, and all that a file system or a terminal may mistake."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    # C: control characters, those that turn the direction of text around, and what is no character.
    base = "".join(each for each in base if unicodedata.category(each)[0] != "C")
    base = HOSTILE.sub("", base)
    stem = base.rpartition(".")[0] or base
    stem = stem.encode()[:MAX_STEM_BYTES].decode(errors="ignore").strip(" .-")
    if RESERVED.fullmatch(stem):
        stem = f"_{stem}"
    return stem or "photo"


def _folded(name: str) -> str:
    """As file systems compare that do not tell capitals from small letters."""
    return unicodedata.normalize("NFC", name.casefold())
