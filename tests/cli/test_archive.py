"""`facecraft process` with URLs."""

from pathlib import Path

import pytest

from facecraft.bulk.storage import StorageFailed
from facecraft.cli import archive
from tests.cli.conftest import Main, run

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("s3://a/in", "-o", "out"), "one URL each"),
        (("in", "-o", "s3://a/out"), "one URL each"),
        (("s3://a/in", "s3://b/in", "-o", "s3://a/out"), "one URL each"),
        (("s3://a/in", "-o", "s3://a/out", "--watch"), "--watch and --dry-run are for folders"),
        (("s3://a/in", "-o", "s3://a/out", "--shard", "3/3"), "There is no shard 3/3"),
        (("s3://a/in", "-o", "s3://a/out", "--shard", "x"), "There is no shard x"),
        (("s3://a/in", "-o", "s3://a/out", "--actors", "2"), "Actors are on a cluster"),
        (("s3://a/in", "-o", "s3://a/out", "--manifest", "s3://a/b.json"), "a .parquet or .csv file"),
        (("s3://a/in", "-o", "s3://a/out", "--preset", "bodge"), "There is no preset 'bodge'"),
        (("in", "-o", "out", "--shard", "0/2"), "are for buckets"),
        (("in", "-o", "out", "--retry-failed"), "are for buckets"),
    ],
)
def test_what_does_not_fit_together_is_refused_before_anything_is_loaded(
    main_without_models: Main, capsys: Capture, args: tuple[str, ...], told: str
) -> None:
    assert main_without_models("process", *args) == 1
    error = capsys.readouterr().err
    assert error.startswith("facecraft: invalid_option: ")
    assert told in error


def test_a_folder_is_done_by_url_and_not_done_again(group_path: Path, tmp_path: Path) -> None:
    photos, portraits = tmp_path / "in", tmp_path / "out"
    (photos / "2024").mkdir(parents=True)
    (photos / "2024" / "a.jpg").write_bytes(group_path.read_bytes())
    (photos / "broken.jpg").write_bytes(b"broken")
    (photos / "notes.txt").write_text("notes")
    manifest = tmp_path / "all.csv"
    command = ("process", f"file://{photos}", "-o", f"file://{portraits}", "--restorer", "none")
    first = run(*command, "--manifest", f"file://{manifest}")
    assert first.returncode == 1
    assert f"1 done, 1 failed, in file://{portraits}" in first.stdout
    assert "2 photos, and 1 other objects" in first.stderr
    assert "broken.jpg: unsupported_format: " in first.stderr
    assert (portraits / "2024" / "a.jpg").stat().st_size > 10_000
    assert len(manifest.read_text().splitlines()) == 3
    again = run(*command)
    assert again.returncode == 0
    assert "0 done, 0 failed, 2 were finished before" in again.stdout


def test_a_storage_that_is_gone_has_an_exit_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, main_without_models: Main, capsys: Capture
) -> None:
    def gone(*_args: object) -> object:
        raise StorageFailed("s3://a cannot be listed.")

    monkeypatch.setattr(archive, "_runner", gone)
    assert main_without_models("process", "s3://a/in", "-o", "s3://a/out") == archive.STORAGE_GONE
    assert "storage_failed: s3://a cannot be listed." in capsys.readouterr().err
