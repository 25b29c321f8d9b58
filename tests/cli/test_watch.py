"""`facecraft process --watch`; tests/folders has the watcher itself."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import FACECRAFT, Main, environment

Capture = pytest.CaptureFixture[str]


def test_watch_turns_dropped_photos_into_portraits_until_sigterm(group_path: Path, tmp_path: Path) -> None:
    incoming, out = tmp_path / "in", tmp_path / "out"
    incoming.mkdir()
    (incoming / "note.jpg").write_bytes(b"\xff\xd8\xff" + b"no photo" * 10)
    photo = incoming / "team.jpg"
    photo.write_bytes(group_path.read_bytes()[:50_000])  # half of it, and the rest later
    command = [FACECRAFT, "process", "--watch", str(incoming), "-o", str(out), "--faces", "largest"]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(6)
        assert not out.exists() or not list(out.iterdir())
        photo.write_bytes(group_path.read_bytes())
        until = time.monotonic() + 60
        while not (incoming / "done" / "team.jpg").exists():
            assert time.monotonic() < until
            time.sleep(0.1)
        with Image.open(out / "team.jpg") as portrait:
            assert portrait.size == (1280, 886)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("inputs", [("a.jpg",), (".", ".")])
def test_watch_takes_one_folder(
    main_without_models: Main, capsys: Capture, inputs: tuple[str, ...], tmp_path: Path
) -> None:
    assert main_without_models("process", "--watch", *inputs, "-o", tmp_path) == 1
    assert capsys.readouterr().err.startswith("facecraft: invalid_option: --watch needs exactly one folder")


def test_watch_has_no_manifest(main_without_models: Main, capsys: Capture, tmp_path: Path) -> None:
    asked = ("process", "--watch", tmp_path, "-o", tmp_path / "out", "--manifest", "a.csv")
    assert main_without_models(*asked) == 1
    assert "--watch cannot write a manifest" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_reported_before_the_models_are_loaded(
    main_without_models: Main, capsys: Capture, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "done").write_text("no folder")
    assert main_without_models("process", "--watch", tmp_path / "in", "-o", tmp_path / "out") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"facecraft: startup_failed: The folder {tmp_path / 'in' / 'done'} cannot be written"
    )


def test_a_dry_run_checks_the_folders_and_ends(
    main_without_models: Main, capsys: Capture, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    assert (
        main_without_models("process", "--watch", tmp_path / "in", "-o", tmp_path / "out", "--dry-run") == 0
    )
    assert "nothing was processed" in capsys.readouterr().out
