"""Compute an upper bound of the process's memory from its settings."""

import resource
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facecraft.settings import Settings

PIXEL_BYTES = 27
"""Largest memory of a portrait in work, for each pixel of the larger of what is decoded and its result.

Decoding takes up to 12 bytes, also where a larger JPEG is decoded smaller (tests/imaging/test_memory.py). The
picture, its copy and the encoder's buffers take 12 to 16, and with every step of finishing up to 23; a cleaned
copy takes 3 more, and the network that cleans it the rest (tests/finishing/test_memory.py)."""
NETWORK_BYTES = 700_000_000
"""Largest memory of a network in addition to its warm-up: for the largest tile 606 MB in ONNX Runtime, and
269 MB in OpenVINO (benchmarks/memory.py) with 60 MB for kernels of all sizes."""


def resident_bytes() -> int | None:
    """The resident memory of this process; None if the system does not report it."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.is_file() else None


def bound_bytes(
    settings: "Settings", *, ready_bytes: int, uploads_bytes: int, workers: int, growing: int
) -> int:
    """An upper bound of the process's memory, for any requests.

    Args:
        settings: they have the limits of a picture.
        ready_bytes: resident memory after every model is loaded and warmed up.
        uploads_bytes: limit of all uploads together.
        workers: number of portraits in work at the same time. Each holds its pixels and its file, also when
            the client has left.
        growing: number of networks that may need more memory than in their warm-up.
    """
    work_bytes = workers * (settings.max_pixels * PIXEL_BYTES + settings.max_upload_bytes)
    return ready_bytes + growing * NETWORK_BYTES + uploads_bytes + work_bytes
