"""Try at the start whether folders can be written, and say whose they are where that fails."""

import os
from pathlib import Path

from facecraft.errors import StartupError
from facecraft.files import make_writable


def ensure_writable(folder: Path) -> None:
    """Create a folder if it is missing, and try to write in it.

    Raises:
        StartupError: it cannot be created or written; names this user and the owner, by number.
    """
    try:
        make_writable(folder)
    except PermissionError as error:
        uid, (place, owner) = os.geteuid(), _owner(folder)
        raise StartupError(
            f"The folder {folder} cannot be written by uid {uid}: {error.strerror}; {place} belongs to uid "
            f"{owner}.",
            hint=f"Give it to uid {uid} (`chown {uid}`), or run as its owner: `--user` in Docker, RUN_AS in "
            "Compose.",
        ) from error
    except OSError as error:
        raise StartupError(
            f"The folder {folder} cannot be written: {error.strerror}.",
            hint="Use a folder that this user can write to.",
        ) from error


def _owner(folder: Path) -> tuple[Path, int]:
    """The folder, or the nearest one above it that can be looked up, and the number of its owner."""
    for place in (folder, *folder.absolute().parents):
        try:
            return place, place.stat().st_uid
        except OSError:
            continue
    raise FileNotFoundError(folder)  # the root folder can always be looked up
