"""Fail where a room that has to be covered has too many branches that no test takes.

    python -m lint.branches

It reads what `make test` measured.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from coverage import Coverage

ROOMS = ("judging", "imaging", "pipeline")
PERCENT = 95

Branches = Mapping[str, tuple[int, int]]


def measured() -> Branches:
    """The branches of each file by its path: how many tests take, and how many there are."""
    coverage = Coverage()
    coverage.load()
    with TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(report))
        files = json.loads(report.read_text())["files"]
    return {
        path: (file["summary"]["covered_branches"], file["summary"]["num_branches"])
        for path, file in files.items()
    }


def percents(branches: Branches) -> dict[str, float]:
    """The share of branches taken in each room of ROOMS."""
    taken, all_ = Counter[str](), Counter[str]()
    for path, (covered, count) in branches.items():
        room = Path(path).parts[1]
        taken[room] += covered
        all_[room] += count
    return {room: 100 * taken[room] / all_[room] for room in ROOMS}


def main() -> int:
    shares = percents(measured())
    for room, percent in shares.items():
        print(f"{room}: {percent:.1f} % of the branches are taken")
    return 0 if min(shares.values()) >= PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
