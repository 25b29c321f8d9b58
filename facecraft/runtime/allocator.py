"""glibc's allocator, told to keep less memory for itself: by default it keeps what threads free.

Standard library only, because it has to be told before the first thread starts. On other systems than Linux
nothing happens.
"""

import ctypes
import sys

M_ARENA_MAX = -8  # malloc.h
ARENAS = 2


def limit_arenas() -> None:
    """Let all threads share two arenas. By default there are up to eight for each processor."""
    mallopt = _function("mallopt")
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)


def give_memory_back() -> None:
    """Return free memory to the system; takes a few milliseconds."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def _function(name: str) -> "ctypes._NamedFuncPointer | None":
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
