"""glibc's allocator, told to hold on to less: it keeps what threads have freed, for each of them.

Standard library only, since it is to be told before anything starts a thread. Elsewhere than on glibc nothing
happens.
"""

import ctypes
import sys

M_ARENA_MAX = -8  # malloc.h
ARENAS = 2


def limit_arenas() -> None:
    """Let threads share two arenas; by default each of them, up to eight per processor, has its own."""
    mallopt = _function("mallopt")
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)


def give_memory_back() -> None:
    """Return to the system what is free; a few milliseconds."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def _function(name: str) -> "ctypes._NamedFuncPointer | None":
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
