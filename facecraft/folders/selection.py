"""Which files of a folder are wanted: not what systems put there, and those that patterns choose."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath

SYSTEM_NAMES = (
    "#recycle", "#snapshot", "@eaDir", "@Recycle", "@Recently-Snapshot", "@tmp", "~snapshot",
    "$RECYCLE.BIN", "System Volume Information", "lost+found", "Network Trash Folder", "Temporary Items",
    "__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r",
)  # fmt: skip
"""Files and folders that storage, Windows, macOS and Linux put beside those of people, in any case."""
SIDECAR_SUFFIXES = (".aae",)
"""Suffixes of notes on a photo: an iPhone's edits. They are no pictures."""

_NAMES = frozenset(map(str.casefold, SYSTEM_NAMES))


def is_systems_own(name: str) -> bool:
    """Whether a system put a file or folder of this name there: also what is hidden, such as ._a.jpg."""
    folded = name.casefold()
    return name.startswith(".") or folded in _NAMES or folded.endswith(SIDECAR_SUFFIXES)


@dataclass(frozen=True, slots=True)
class Selection:
    """The files of a folder that the user wants.

    Attributes:
        patterns: such as *.jpg, in any case. One with a slash is compared with the path inside the folder,
            one without with the name. Empty: every file is wanted.
    """

    patterns: tuple[str, ...] = ()

    def wants(self, relative: PurePath) -> bool:
        """Whether a file is wanted, by its path inside the folder."""
        return not self.patterns or any(self._fits(pattern, relative) for pattern in self.patterns)

    @staticmethod
    def _fits(pattern: str, relative: PurePath) -> bool:
        text = relative.as_posix() if "/" in pattern else relative.name
        return fnmatchcase(text.casefold(), pattern.casefold())


EVERYTHING = Selection()
