"""Choose names for the portraits in the archive of a batch."""

import re
import unicodedata

from facecraft.imaging.formats import SUFFIXES
from facecraft.types import ImageFormat

MAX_STEM_BYTES = 200
"""File systems allow 255 bytes. The rest is for a number and a suffix."""
FORBIDDEN = re.compile(r'[<>:"|?*]')
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
"""Device names on Windows."""


class EntryNames:
    """Creates a unique name for every portrait that any system can unpack."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def create(self, file: str, format_: ImageFormat, mark: str = "") -> str:
        """Create a name: the stem of the photo's name, the mark of a portrait among several of the photo, a
        number if it is taken, and the format's suffix.
        """
        stem, suffix = safe_stem(file) + mark, SUFFIXES[format_]
        name = stem + suffix
        count = self._counts.get(_fold(name), 1)
        while _fold(name) in self._taken:
            count += 1
            name = f"{stem}-{count}{suffix}"
        self._counts[_fold(stem + suffix)] = count
        self._taken.add(_fold(name))
        return name


def safe_stem(file: str) -> str:
    """A client's file name without folders, suffix, and characters with a special meaning."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", file))[-1]
    # Category C: control characters, also those for the direction of text, and unassigned characters.
    base = "".join(character for character in base if unicodedata.category(character)[0] != "C")
    base = FORBIDDEN.sub("", base)
    stem = base.rpartition(".")[0] or base
    stem = stem.encode()[:MAX_STEM_BYTES].decode(errors="ignore").strip(" .-")
    if RESERVED.fullmatch(stem):
        stem = f"_{stem}"
    return stem or "photo"


def _fold(name: str) -> str:
    """The name for comparing, as on file systems that ignore case."""
    return unicodedata.normalize("NFC", name.casefold())
