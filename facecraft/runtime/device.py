"""The device that models run on, its threads, and its memory.

torch takes a second to import: only what needs a GPU imports it.
"""

# ruff: noqa: PLC0415
import ctypes
import gc
import os
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Literal, assert_never

import cv2

from facecraft.errors import DeviceUnavailable
from facecraft.runtime import container
from facecraft.runtime.allocator import give_memory_back

CPU_INFO = Path("/proc/cpuinfo")
DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
MAX_THREADS = 16
"""Of one inference, unless the settings ask for more. Each session has as many threads of its own."""


class FairLock:
    """A lock that threads get in their order of arrival, so that none waits forever."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._held = False
        self._waiting: deque[Lock] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # the thread before releases it

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False


@dataclass(frozen=True, slots=True)
class Device:
    """Where models run.

    Attributes:
        kind: of hardware.
        label: for people, such as "cpu, 2 threads".
        threads: of one inference on the CPU.
        onnx_providers: execution providers of ONNX Runtime, best first.
        lock: held while a restorer or upscaler runs. One at a time is as fast as several at the same time,
            which compete for cores and memory.
    """

    kind: Literal["cpu", "cuda"]
    label: str
    threads: int
    onnx_providers: tuple[str, ...]
    lock: FairLock = field(default_factory=FairLock, compare=False)


def usable_processors(root: Path = container.ROOT) -> int:
    """Count the processors that this process may use: its affinity, or the container's limit if it is lower.

    Args:
        root: of the file system, which has the container's limit.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    limit = container.processor_limit(root)
    return count if limit is None else max(1, min(count, int(limit)))


def pick_device(wanted: Literal["auto", "cpu", "cuda"], threads: int) -> Device:
    """Choose the device, and set the thread count of OpenCV.

    Args:
        wanted: "auto" is cuda if there is a GPU, else cpu.
        threads: of one inference; 0 means every processor that may be used, up to MAX_THREADS.

    Raises:
        DeviceUnavailable: `wanted` is cuda and there is no GPU.
    """
    kind = _kind(wanted)
    count = threads or min(usable_processors(), MAX_THREADS)
    cv2.setNumThreads(count)
    match kind:
        case "cpu":
            return Device(kind, f"cpu, {count} threads", count, ("CPUExecutionProvider",))
        case "cuda":
            providers = ("CUDAExecutionProvider", "CPUExecutionProvider")
            import torch

            return Device(kind, torch.cuda.get_device_name(), count, providers)


def _kind(wanted: Literal["auto", "cpu", "cuda"]) -> Literal["cpu", "cuda"]:
    match wanted:
        case "auto":
            return "cuda" if _has_gpu() else "cpu"
        case "cpu":
            return "cpu"
        case "cuda":
            if not _has_gpu():
                raise DeviceUnavailable("FACECRAFT_DEVICE is cuda, but torch sees no CUDA device.")
            return "cuda"
        case _:
            assert_never(wanted)


def _has_gpu() -> bool:
    """Whether torch sees a GPU. It is not asked where there is no driver."""
    try:
        ctypes.CDLL(DRIVER)
    except OSError:
        return False
    import torch

    return torch.cuda.is_available()


def computes_bfloat16(cpuinfo: Path = CPU_INFO) -> bool:
    """Tell whether the processor has instructions for bfloat16. Without them it is emulated, slowly."""
    if not cpuinfo.is_file():
        return False
    flags = set(cpuinfo.read_text().split())
    return bool(flags & {"avx512_bf16", "amx_bf16"})


def set_tf32(*, allowed: bool) -> None:
    """Say whether cuDNN may compute float32 convolutions in TF32, which has a shorter mantissa."""
    import torch

    torch.backends.cudnn.allow_tf32 = allowed


def gpu_memory_bytes() -> int | None:
    """Bytes that torch holds on the GPU; None if there is no GPU, or torch was never needed."""
    torch = sys.modules.get("torch")
    return int(torch.cuda.memory_reserved()) if torch and torch.cuda.is_available() else None


def release_memory() -> None:
    """Return memory that nothing uses any more, of the process and of the GPU, to the system."""
    gc.collect()
    if torch := sys.modules.get("torch"):
        torch.cuda.empty_cache()  # nothing happens without a GPU
    give_memory_back()
