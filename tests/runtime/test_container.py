"""The limits of containers, by files as systems have them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from facecraft.runtime.container import memory_limit_bytes, processor_limit

V1 = "9:name=systemd:/docker/a\n4:memory:/docker/a\n1:cpu,cpuacct:/docker/a\n0::/docker/a\n"
V2 = "0::/kubepods/pod1/a\n"
UNLIMITED = "9223372036854771712"
CPU = "sys/fs/cgroup/cpu"
MEMORY = "sys/fs/cgroup/memory"
GROUPS = "sys/fs/cgroup"


def write_files(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{text}\n")


def of_v1(group: str, quota: str, period: str = "100000") -> dict[str, str]:
    return {f"{CPU}{group}/cpu.cfs_quota_us": quota, f"{CPU}{group}/cpu.cfs_period_us": period}


@pytest.mark.parametrize(
    ("groups", "files", "processors"),
    [
        pytest.param(V2, {f"{GROUPS}/cpu.max": "150000 100000"}, 1.5, id="the container's own tree"),
        pytest.param(V2, {f"{GROUPS}/kubepods/pod1/a/cpu.max": "50000 100000"}, 0.5, id="nested"),
        pytest.param(
            V2,
            {f"{GROUPS}/kubepods/pod1/a/cpu.max": "max 100000", f"{GROUPS}/kubepods/cpu.max": "20000 10000"},
            2,
            id="above the process's group",
        ),
        pytest.param(V2, {f"{GROUPS}/cpu.max": "max 100000"}, None, id="no limit"),
        pytest.param(V1, of_v1("", "50000"), 0.5, id="version 1, the container's own tree"),
        pytest.param(V1, of_v1("/docker/a", "250000"), 2.5, id="version 1, nested"),
        pytest.param(V1, of_v1("", "-1") | of_v1("/docker", "400000"), 4, id="version 1, above"),
        pytest.param(V1, of_v1("", "-1"), None, id="version 1, no limit"),
        pytest.param(V1, {f"{CPU}/cpu.cfs_quota_us": "50000"}, None, id="version 1, no period"),
        pytest.param("", {f"{GROUPS}/cpu.max": "150000 100000"}, None, id="no groups"),
    ],
)
def test_the_lowest_limit_of_processors_counts(
    groups: str, files: Mapping[str, str], processors: float | None, tmp_path: Path
) -> None:
    write_files(tmp_path, {"proc/self/cgroup": groups, **files})
    assert processor_limit(tmp_path) == processors


@pytest.mark.parametrize(
    ("groups", "files", "limit_bytes"),
    [
        pytest.param(V2, {f"{GROUPS}/memory.max": "1000000000"}, 10**9, id="the container's own tree"),
        pytest.param(
            V2,
            {f"{GROUPS}/kubepods/pod1/a/memory.max": "max", f"{GROUPS}/kubepods/pod1/memory.max": "2000"},
            2000,
            id="above the process's group",
        ),
        pytest.param(V2, {f"{GROUPS}/memory.max": "max"}, None, id="no limit"),
        pytest.param(V1, {f"{MEMORY}/memory.limit_in_bytes": "1000"}, 1000, id="version 1"),
        pytest.param(
            V1,
            {
                f"{MEMORY}/memory.limit_in_bytes": UNLIMITED,
                f"{MEMORY}/docker/memory.limit_in_bytes": "3000",
                f"{MEMORY}/docker/a/memory.limit_in_bytes": "2000",
            },
            2000,
            id="version 1, nested",
        ),
        pytest.param(V1, {f"{MEMORY}/memory.limit_in_bytes": UNLIMITED}, None, id="version 1, no limit"),
        pytest.param("0::/../outside", {f"{GROUPS}/memory.max": "1000"}, 1000, id="outside of the namespace"),
        pytest.param(V2, {}, None, id="no files"),
    ],
)
def test_the_lowest_limit_of_memory_counts(
    groups: str, files: Mapping[str, str], limit_bytes: int | None, tmp_path: Path
) -> None:
    write_files(tmp_path, {"proc/self/cgroup": groups, **files})
    assert memory_limit_bytes(tmp_path) == limit_bytes


def test_a_system_without_control_groups_has_no_limits(tmp_path: Path) -> None:
    assert (processor_limit(tmp_path), memory_limit_bytes(tmp_path)) == (None, None)
