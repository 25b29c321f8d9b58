import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from facecraft import files
from facecraft.errors import NoFaceFound
from facecraft.folders import once as batch
from facecraft.options import Options
from facecraft.types import Portrait, Source

if TYPE_CHECKING:
    from facecraft.pipeline.pipeline import Pipeline


class Echo:
    """Gives every file back as a JPEG; one that says so has no face."""

    def __init__(self) -> None:
        self.judged: list[bool] = []

    def process(self, data: bytes, options: Options, *, judge: bool = False) -> Portrait:
        self.judged.append(judge)
        if data == b"no face":
            raise NoFaceFound("No face was found in the picture.")
        if data == b"bug":
            raise RuntimeError("out of order")
        return Portrait(
            data=data + b"!",
            format="jpeg",
            source=Source(1, 1, "jpeg", 1),
            faces=(),
            restored=0,
            restorer="none",
            timings_ms={},
            width=1,
            height=1,
        )


def run(inputs: list[str], folder: Path) -> batch.Summary:
    return batch.run(batch.find_jobs(inputs, folder), cast("Pipeline", Echo()), Options())


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two photos, a third in a folder of its own, and a note that is no photo."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(b"a")
    (folder / "b.PNG").write_bytes(b"b")
    (folder / "more" / "a.webp").write_bytes(b"c")
    (folder / "note.txt").write_bytes(b"note")
    return folder


def written(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_keeps_its_structure(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run([str(photos)], out) == batch.Summary(done=3, failed=0)
    assert written(out) == {"a.jpg": b"a!", "b.jpg": b"b!", os.path.join("more", "a.jpg"): b"c!"}  # noqa: PTH118


def test_a_glob_pattern_is_expanded(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run([f"{photos}/*.jpg"], out)
    assert written(out) == {"a.jpg": b"a!"}


def test_a_photo_named_twice_is_done_once(photos: Path, tmp_path: Path) -> None:
    assert (
        run([str(photos / "a.jpg"), str(photos / "*.jpg"), str(photos / "a.jpg")], tmp_path / "out").done == 1
    )


def test_two_photos_of_one_name_both_get_a_portrait(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run([str(photos / "a.jpg"), str(photos / "more" / "a.webp")], out)
    assert written(out) == {"a.jpg": b"a!", "a-2.jpg": b"c!"}


def test_a_bad_file_does_not_stop_the_rest(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "a.jpg").write_bytes(b"no face")
    assert run([str(photos)], tmp_path / "out") == batch.Summary(done=2, failed=1)
    assert f"{photos / 'a.jpg'}: no_face_found: No face was found" in capsys.readouterr().err


def test_a_file_that_is_not_there_fails_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([str(tmp_path / "gone.jpg")], tmp_path / "out") == batch.Summary(done=0, failed=1)
    assert "gone.jpg" in capsys.readouterr().err


def test_a_photo_is_never_overwritten(photos: Path) -> None:
    summary = run([str(photos / "a.jpg")], photos)
    assert summary == batch.Summary(done=0, failed=1)
    assert (photos / "a.jpg").read_bytes() == b"a"


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        files.write_whole(tmp_path / "out" / "a.jpg", b"data")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_failure_that_nobody_foresaw_does_not_stop_the_rest(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "a.jpg").write_bytes(b"bug")
    assert run([str(photos)], tmp_path / "out") == batch.Summary(done=2, failed=1)
    assert "out of order" in capsys.readouterr().err


def test_portraits_of_an_earlier_run_are_no_photos(photos: Path) -> None:
    out = photos / "out"
    assert run([str(photos)], out) == run([str(photos)], out) == batch.Summary(done=3, failed=0)


def test_each_photo_has_an_entry_in_its_order(photos: Path, tmp_path: Path) -> None:
    (photos / "a.jpg").write_bytes(b"no face")
    (photos / "b.PNG").write_bytes(b"bug")
    jobs = batch.find_jobs([str(photos)], tmp_path / "out")
    entries = batch.run(jobs, cast("Pipeline", Echo()), Options()).entries
    assert [(entry.file, entry.output, entry.status) for entry in entries] == [
        (str(photos / "a.jpg"), None, "failed"),
        (str(photos / "b.PNG"), None, "failed"),
        (str(photos / "more" / "a.webp"), str(tmp_path / "out" / "more" / "a.jpg"), "done"),
    ]
    codes = [entry.problem["code"] for entry in entries if entry.problem is not None]
    assert codes == ["no_face_found", "inference_failed"]


@pytest.mark.parametrize("judge", [True, False])
def test_portraits_are_judged_only_where_that_is_asked_for(
    photos: Path, tmp_path: Path, *, judge: bool
) -> None:
    echo = Echo()
    batch.run(
        batch.find_jobs([str(photos)], tmp_path / "out"),
        cast("Pipeline", echo),
        Options(),
        judge=judge,
    )
    assert echo.judged == [judge] * 3


def test_a_name_that_is_too_long_fails_by_itself(photos: Path, tmp_path: Path) -> None:
    assert run(["a" * 300, str(photos / "a.jpg")], tmp_path / "out") == batch.Summary(done=1, failed=1)
