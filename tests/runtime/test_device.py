import os
import subprocess
import sys
from pathlib import Path
from threading import Thread
from time import sleep

import pytest
import torch

from facecraft.errors import DeviceUnavailable
from facecraft.runtime import device
from facecraft.runtime.device import (
    FairLock,
    computes_bfloat16,
    gpu_memory_bytes,
    pick_device,
    usable_processors,
)
from tests.runtime.test_container import write_files


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("150000 100000", 1),
        ("50000 100000", 1),
        ("6400000 100000", 8),
    ],
)
def test_processors_are_cut_to_the_containers_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    write_files(tmp_path, {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": quota})
    assert usable_processors(tmp_path) == expected


def test_half_a_processor_of_version_1_is_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    cpu = "sys/fs/cgroup/cpu/x"
    quota = {f"{cpu}/cpu.cfs_quota_us": "50000", f"{cpu}/cpu.cfs_period_us": "100000"}
    write_files(tmp_path, {"proc/self/cgroup": "4:cpu,cpuacct:/x"} | quota)
    assert usable_processors(tmp_path) == 1


def test_without_a_container_every_processor_is_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    assert usable_processors(tmp_path) == 3


def test_onnx_runtime_does_not_report_to_its_maker() -> None:
    code = "import os, facecraft; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "0"}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout == "1\n"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("fpu avx512f avx512_bf16", True), ("fpu amx_bf16", True), ("fpu avx512f avx512bw", False)],
)
def test_bfloat16_is_for_processors_that_have_it(
    flags: str,
    expected: bool,
    tmp_path: Path,
) -> None:
    (tmp_path / "cpuinfo").write_text(f"model name\t: a processor\nflags\t\t: {flags}\n")
    assert computes_bfloat16(tmp_path / "cpuinfo") is expected
    assert not computes_bfloat16(tmp_path / "none")


def test_the_device_is_the_one_that_is_wanted_or_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "DRIVER", None)  # the process itself, which is there
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for wanted in ("auto", "cpu"):
        assert pick_device(wanted, torch.get_num_threads()).kind == "cpu"
    with pytest.raises(DeviceUnavailable):
        pick_device("cuda", 1)
    with pytest.raises(AssertionError, match="gpu"):
        pick_device("gpu", 1)  # type: ignore[arg-type]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    assert pick_device("auto", torch.get_num_threads()).label == "a GPU"
    monkeypatch.setattr(device, "DRIVER", "libcuda.so.missing")
    assert pick_device("auto", torch.get_num_threads()).kind == "cpu"


def test_a_fair_lock_is_taken_in_order_of_arrival() -> None:
    lock = FairLock()
    order: list[int] = []

    def take(number: int) -> None:
        with lock:
            order.append(number)

    threads = [Thread(target=take, args=(number,)) for number in range(20)]
    with lock:
        for count, thread in enumerate(threads, start=1):
            thread.start()
            while len(lock._waiting) < count:
                sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_a_fair_lock_is_released_after_an_error() -> None:
    lock = FairLock()
    with pytest.raises(ValueError, match="within"), lock:
        raise ValueError("within")
    with lock:
        pass


def test_the_memory_of_a_gpu_is_known_where_there_is_one() -> None:
    assert (gpu_memory_bytes() is None) != torch.cuda.is_available()
