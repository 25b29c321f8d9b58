import os
from pathlib import Path

import pytest

from facecraft.runtime import usable_processors


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
    (tmp_path / "cpu.max").write_text(quota + "\n")
    assert usable_processors(tmp_path / "cpu.max") == expected


def test_without_a_container_every_processor_is_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    assert usable_processors(tmp_path / "none") == 3
