"""`facecraft process` on folders: what is no photo in them, and folders of other users."""

import json
import tempfile
from pathlib import Path

import pytest

from tests.cli.conftest import Main

Capture = pytest.CaptureFixture[str]


def test_what_is_no_photo_is_counted_and_listed(
    main: Main, capsys: Capture, group_path: Path, tmp_path: Path
) -> None:
    photos, manifest = tmp_path / "photos", tmp_path / "manifest.json"
    (photos / "#recycle").mkdir(parents=True)
    (photos / "#recycle" / "gone.jpg").write_bytes(b"gone")
    (photos / "a.jpg").write_bytes(group_path.read_bytes())
    (photos / "film.mov").write_bytes(b"film")
    asked = ("process", photos, "-o", tmp_path / "out", "--restorer", "none", "--manifest", manifest)
    assert main(*asked) == 1
    shown = capsys.readouterr()
    assert f"1 done, 1 failed, in {tmp_path / 'out'}" in shown.out
    assert f"{photos / 'film.mov'}: unsupported_format: Only " in shown.err
    entries = json.loads(manifest.read_text())["files"]
    assert [(entry["file"], entry["status"]) for entry in entries] == [
        (str(photos / "film.mov"), "failed"),
        (str(photos / "a.jpg"), "done"),
    ]
    assert entries[0]["problem"]["code"] == "unsupported_format"
    # What is not asked for is no failure.
    assert main(*asked, "--include", "*.jpg") == 0
    assert "1 done, 0 failed" in capsys.readouterr().out


def test_a_photo_of_any_suffix_can_be_included(main: Main, group_path: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "scan.0001").write_bytes(group_path.read_bytes())
    out = tmp_path / "out"
    asked = ("process", tmp_path / "photos", "-o", out, "--include", "scan.*", "--restorer", "none")
    assert main(*asked) == 0
    assert [path.name for path in out.iterdir()] == ["scan.jpg"]


def test_without_a_single_photo_what_there_is_is_listed_and_no_model_is_loaded(
    main_without_models: Main, capsys: Capture, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "note.txt").write_text("note")
    manifest = tmp_path / "manifest.csv"
    asked = ("process", tmp_path / "in", "-o", tmp_path / "out", "--manifest", manifest)
    assert main_without_models(*asked) == 1
    assert "0 done, 1 failed" in capsys.readouterr().out
    assert "note.txt" in manifest.read_text()
    assert not (tmp_path / "out").exists()


def test_a_dry_run_checks_the_folders_and_names_what_is_no_photo(
    main_without_models: Main, capsys: Capture, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(b"a")
    asked = ("process", tmp_path / "in", "-o", tmp_path / "out", "--dry-run")
    assert main_without_models(*asked) == 0
    (tmp_path / "in" / "note.txt").write_text("note")
    assert main_without_models(*asked) == 1
    shown = capsys.readouterr()
    assert "photos: 1, others: 1; nothing was processed" in shown.out
    assert "note.txt: unsupported_format" in shown.err


@pytest.mark.parametrize("foreign", ["out", "out/team"])
def test_a_folder_of_another_user_is_reported_with_the_uid_before_the_models_are_loaded(
    main_without_models: Main,
    capsys: Capture,
    *,
    group_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    foreign: str,
) -> None:
    (tmp_path / "in" / "team").mkdir(parents=True)
    (tmp_path / "in" / "team" / "a.jpg").write_bytes(group_path.read_bytes())
    (tmp_path / "out" / "team").mkdir(parents=True)
    probe = tempfile.TemporaryFile

    def refuse(dir: Path) -> object:  # noqa: A002
        if dir == tmp_path / foreign:
            raise PermissionError(13, "Permission denied")
        return probe(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert main_without_models("process", tmp_path / "in", "-o", tmp_path / "out") == 1
    (line,) = capsys.readouterr().err.splitlines()
    folder = tmp_path / foreign
    assert line.startswith(f"facecraft: startup_failed: The folder {folder} cannot be written by uid ")
    assert f"{folder} belongs to uid {folder.stat().st_uid}." in line
