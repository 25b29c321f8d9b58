"""Branches of the rooms that decide what a portrait is have to be covered."""

import pytest

from lint import branches

COVERED = {
    "facecraft/judging/rules.py": (10, 10),
    "facecraft/imaging/codec.py": (30, 30),
    "facecraft/imaging/fit.py": (65, 70),
    "facecraft/pipeline/pipeline.py": (20, 20),
    "facecraft/service/app.py": (0, 20),
}


def test_the_files_of_a_room_count_together_and_other_rooms_do_not() -> None:
    assert branches.percents(COVERED) == {"judging": 100, "imaging": 95, "pipeline": 100}


@pytest.mark.parametrize(("taken", "status"), [(65, 0), (64, 1)])
def test_under_95_percent_of_one_room_fails(
    taken: int, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(branches, "measured", lambda: COVERED | {"facecraft/imaging/fit.py": (taken, 70)})
    assert branches.main() == status
    assert f"imaging: {30 + taken:.1f} % of the branches are taken" in capsys.readouterr().out
