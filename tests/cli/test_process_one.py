"""`facecraft process` on one photo, into one file: what it says of the portrait."""

from pathlib import Path

import pytest

from facecraft.errors import InvalidOption
from facecraft.options import Options
from tests.cli.conftest import Main


def test_the_notes_and_the_verdict_of_one_portrait_are_told(
    main: Main, capsys: pytest.CaptureFixture[str], group_path: Path, tmp_path: Path
) -> None:
    portrait = tmp_path / "portrait.jpg"
    assert main("process", group_path, "-o", portrait, "--preset", "us-passport") == 0
    told, count = capsys.readouterr().out.splitlines()
    assert told.startswith(f"{portrait}: ")
    assert "source_small" in told
    assert "; verdict fail (" in told
    assert "background_colour" in told
    assert count == f"1 done, 0 failed, in {tmp_path}"


def test_nothing_is_told_of_a_portrait_without_notes(
    main: Main, capsys: pytest.CaptureFixture[str], group_path: Path, tmp_path: Path
) -> None:
    assert main("process", group_path, "-o", tmp_path / "a.jpg", "--restorer", "none") == 0
    assert capsys.readouterr().out == f"1 done, 0 failed, in {tmp_path}\n"


def test_a_word_that_is_neither_true_nor_false_is_told_as_such() -> None:
    with pytest.raises(InvalidOption, match="Input should be true or false, or Input should be 'gps'"):
        Options.parse({"keep_metadata": "date"})
