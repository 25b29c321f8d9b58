"""Where and with how many threads models run."""

import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import TracebackType

import cv2
import torch

from facecraft.errors import DeviceUnavailable

CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")
CPU_INFO = Path("/proc/cpuinfo")
MOST_THREADS = 16
"""Of one inference, unless more are asked for: each session and each team has as many of its own."""


class FairLock:
    """A lock that is handed on in order of arrival, so that nobody who waits is overtaken for ever."""

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
        mine.acquire()  # until the one before hands on

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
        kind: "cpu" or "cuda".
        label: what an operator reads, such as "cpu, 2 threads".
        threads: of one inference on the CPU.
        onnx_providers: execution providers for ONNX Runtime, best first.
        turn: held by whoever runs a restorer or upscaler there. One at a time is as fast as several, which
            only take each other's cores and memory.
    """

    kind: str
    label: str
    threads: int
    onnx_providers: tuple[str, ...]
    turn: FairLock = field(default_factory=FairLock, compare=False)


def usable_processors(quota: Path = CPU_QUOTA) -> int:
    """Processors that this process may use: its affinity, cut to the container's CPU limit (cgroup v2)."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux has it
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    if not quota.is_file():
        return count
    allowed, period = quota.read_text().split()
    if allowed == "max":
        return count
    return max(1, min(count, int(allowed) // int(period)))


def pick_device(wanted: str, threads: int) -> Device:
    """Resolve the settings `device` and `threads`, and set the thread counts of torch and OpenCV.

    Args:
        wanted: "auto", "cpu" or "cuda".
        threads: 0 for every processor that may be used, up to MOST_THREADS.

    Raises:
        DeviceUnavailable: cuda was asked for and there is none.
    """
    count = threads or min(usable_processors(), MOST_THREADS)
    torch.set_num_threads(count)
    cv2.setNumThreads(count)
    if wanted == "cuda" and not torch.cuda.is_available():
        raise DeviceUnavailable("FACECRAFT_DEVICE is cuda, but torch sees no CUDA device.")
    if wanted == "cpu" or not torch.cuda.is_available():
        return Device("cpu", f"cpu, {count} threads", count, ("CPUExecutionProvider",))
    return Device(
        "cuda", torch.cuda.get_device_name(), count, ("CUDAExecutionProvider", "CPUExecutionProvider")
    )


def computes_bfloat16(cpuinfo: Path = CPU_INFO) -> bool:
    """Whether the processor has instructions for bfloat16; torch would emulate them, slowly."""
    if not cpuinfo.is_file():
        return False
    flags = set(cpuinfo.read_text().split())
    return bool(flags & {"avx512_bf16", "amx_bf16"})


def check_providers(used: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse a session of ONNX Runtime that quietly took another provider than the first one wanted.

    Raises:
        DeviceUnavailable: it did.
    """
    if used[0] != wanted[0]:
        raise DeviceUnavailable(f"ONNX Runtime has no {wanted[0]} here; it took {used[0]}.")
