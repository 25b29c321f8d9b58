"""An upper bound of the process's memory, computed from its settings."""

import resource
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facecraft.settings import Settings

PIXEL_BYTES = 24
"""The most that a portrait in work takes for each pixel of the larger of source and result: up to 12 bytes to
decode (tests/imaging/test_memory.py), 12 to 16 for the picture, its copy and the encoder's buffers, and up to
23 with every step of finishing (tests/finishing/test_memory.py)."""
NETWORK_BYTES = 700_000_000
"""The most that a network takes beyond its warm-up: 606 MB for the largest tile (benchmarks/memory.py)."""


def resident_bytes() -> int | None:
    """The resident memory of this process; None where the system does not report it."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.is_file() else None


def bound_bytes(
    settings: "Settings", *, ready_bytes: int, uploads_bytes: int, workers: int, growing: int
) -> int:
    """The most memory that the process takes, whatever requests come.

    Args:
        settings: with the limits of a picture.
        ready_bytes: resident memory after every model is loaded and warmed.
        uploads_bytes: the most that all uploads together hold.
        workers: portraits in work at the same time. Each holds its pixels, and a file: a worker whose client
            left keeps its upload until it ends.
        growing: networks that may take more memory than in their warm-up.
    """
    work_bytes = workers * (settings.max_pixels * PIXEL_BYTES + settings.max_upload_bytes)
    return ready_bytes + growing * NETWORK_BYTES + uploads_bytes + work_bytes
