"""The limits of the container that this process runs in, as its control groups (cgroups) have them.

Version 2 has one tree of groups. Version 1, still found on older systems and network storages, has one for
each controller. A limit holds for all groups below it, so the lowest one on the way up counts. A container
often sees only its own group, at the root of the tree; then the folders of /proc/self/cgroup do not exist.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

ROOT = Path("/")
GROUPS = "sys/fs/cgroup"
UNLIMITED_BYTES = 2**60
"""Version 1 has no word for no limit, but a number near 2^63."""


def processor_limit(root: Path = ROOT) -> float | None:
    """How many processors' time the container may use; None without a limit.

    Args:
        root: of the file system.
    """
    limits = []
    for group in _groups(root, "cpu"):
        quota = _read(group / "cpu.max")
        if quota is None:  # version 1, where -1 is no limit
            quota = f"{_read(group / 'cpu.cfs_quota_us') or '-1'} {_read(group / 'cpu.cfs_period_us') or '0'}"
        allowed, period = quota.split()
        if allowed not in {"max", "-1"} and int(period) > 0:
            limits.append(int(allowed) / int(period))
    return min(limits, default=None)


def memory_limit_bytes(root: Path = ROOT) -> int | None:
    """The memory that the container may use; None without a limit.

    Args:
        root: of the file system.
    """
    limits = []
    for group in _groups(root, "memory"):
        limit = _read(group / "memory.max") or _read(group / "memory.limit_in_bytes") or "max"
        if limit != "max" and int(limit) < UNLIMITED_BYTES:
            limits.append(int(limit))
    return min(limits, default=None)


def _groups(root: Path, controller: Literal["cpu", "memory"]) -> Iterator[Path]:
    """The folders of the process's group and of those above it, in the trees of both versions."""
    for line in (_read(root / "proc/self/cgroup") or "").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            tree = root / GROUPS / controller
        elif not controllers:
            tree = root / GROUPS
        else:
            continue
        group = Path(path.lstrip("/"))
        yield from (tree / each for each in (group, *group.parents) if ".." not in each.parts)


def _read(file: Path) -> str | None:
    """The text of a file; None if it does not exist, or may not be read."""
    try:
        return file.read_text().strip()
    except OSError:
        return None
