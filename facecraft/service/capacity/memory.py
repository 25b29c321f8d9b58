"""How much memory the process may come to hold, computed from its settings."""

import resource
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facecraft.settings import Settings

PIXEL_BYTES = 24
"""Of one portrait's work for each pixel of the larger of source and result: at most 12 while it is decoded
(tests/imaging/test_memory.py), 12 to 16 while the picture, its copy, and what the encoder has stand side by
side, and up to 23 with every step of finishing (tests/finishing/test_memory.py)."""
NETWORK_BYTES = 700_000_000
"""What a network may take beyond its warm-up: 606 MB for the largest tile (benchmarks/memory.py)."""


def resident_bytes() -> int | None:
    """What this process holds now; None where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.is_file() else None


def bound_bytes(
    settings: "Settings", *, ready_bytes: int, uploads_bytes: int, workers: int, growing: int
) -> int:
    """What the process stays under, whatever comes.

    Args:
        settings: for the largest picture.
        ready_bytes: held when everything is loaded and warmed.
        uploads_bytes: that all uploads together may hold.
        workers: portraits in work at once; each has a copy of its file beside its pixels.
        growing: networks that may take more than in their warm-up.
    """
    work_bytes = workers * (settings.max_pixels * PIXEL_BYTES + settings.max_upload_bytes)
    return ready_bytes + growing * NETWORK_BYTES + uploads_bytes + work_bytes
