import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from facecraft import files
from facecraft.errors import NoFaceFound
from facecraft.folders import once
from facecraft.folders.manifest import Entry
from facecraft.folders.once import Job, make_jobs, process_jobs
from facecraft.folders.search import find_photos
from facecraft.options import Options
from facecraft.results import Portrait, Portrayal
from tests.portraits import BLANK


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
        return replace(BLANK, data=data + b"!")

    def process_each(self, data: bytes, options: Options, *, judge: bool = False) -> Iterator[Portrayal]:
        """A portrait for each letter; a digit is a face without one."""
        if data == b"no face":
            raise NoFaceFound("No face was found in the picture.")
        for number, letter in enumerate(data.decode(), 1):
            result: Portrait | NoFaceFound = NoFaceFound("The mesh sees no face.")
            if not letter.isdecimal():
                result = self.process(letter.encode(), options, judge=judge)
            yield Portrayal(number, len(data), result, 1)


def run(
    inputs: list[str],
    folder: Path,
    echo: Echo | None = None,
    *,
    judge: bool = False,
    options: Options | None = None,
) -> list[Entry]:
    jobs = make_jobs(find_photos(inputs, [folder]).photos, folder)
    return [*chain.from_iterable(process_jobs(jobs, echo or Echo(), options or Options(), judge=judge))]


def counts(entries: list[Entry]) -> tuple[int, int]:
    """How many are done, and how many failed."""
    statuses = [entry.status for entry in entries]
    return statuses.count("done"), statuses.count("failed")


def problems(entries: list[Entry]) -> list[tuple[str, str]]:
    """Code and detail of the files that failed."""
    return [(str(e.problem["code"]), str(e.problem["detail"])) for e in entries if e.problem is not None]


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
    assert counts(run([str(photos)], out)) == (3, 0)
    assert written(out) == {"a.jpg": b"a!", "b.jpg": b"b!", os.path.join("more", "a.jpg"): b"c!"}  # noqa: PTH118


def test_a_glob_pattern_is_expanded(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run([f"{photos}/*.jpg"], out)
    assert written(out) == {"a.jpg": b"a!"}


def test_a_photo_named_twice_is_done_once(photos: Path, tmp_path: Path) -> None:
    inputs = [str(photos / "a.jpg"), str(photos / "*.jpg"), str(photos / "a.jpg")]
    assert counts(run(inputs, tmp_path / "out")) == (1, 0)


def test_two_photos_of_one_name_both_get_a_portrait(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run([str(photos / "a.jpg"), str(photos / "more" / "a.webp")], out)
    assert written(out) == {"a.jpg": b"a!", "a-2.jpg": b"c!"}


def test_a_bad_file_does_not_stop_the_rest(photos: Path, tmp_path: Path) -> None:
    (photos / "a.jpg").write_bytes(b"no face")
    entries = run([str(photos)], tmp_path / "out")
    assert counts(entries) == (2, 1)
    assert problems(entries) == [("no_face_found", "No face was found in the picture.")]


def test_a_file_that_is_not_there_fails_by_its_name(tmp_path: Path) -> None:
    entries = run([str(tmp_path / "gone.jpg")], tmp_path / "out")
    assert [entry.file for entry in entries] == [str(tmp_path / "gone.jpg")]
    assert problems(entries) == [("bad_request", "The photo cannot be read: No such file or directory.")]


def test_a_photo_is_never_overwritten(photos: Path) -> None:
    entries = run([str(photos / "a.jpg")], photos)
    assert problems(entries) == [
        ("bad_request", f"The portrait would overwrite the photo {photos / 'a.jpg'}.")
    ]
    assert (photos / "a.jpg").read_bytes() == b"a"


def test_a_portrait_that_cannot_be_written_fails_by_itself(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = files.write_whole

    def full(target: Path, data: bytes) -> None:
        if target.name == "a.jpg":
            raise OSError(28, "No space left on device")
        write(target, data)

    monkeypatch.setattr(once, "write_whole", full)
    entries = run([str(photos / "a.jpg"), str(photos / "b.PNG")], tmp_path / "out")
    assert counts(entries) == (1, 1)
    ((code, detail),) = problems(entries)
    assert code == "service_unavailable"
    assert "No space left on device" in detail


def test_a_job_can_name_the_suffix_of_its_portrait(photos: Path, tmp_path: Path) -> None:
    job = Job(photos / "a.jpg", tmp_path / "out" / "anna", suffix=".jpeg")
    assert [entry.output for (entry,) in process_jobs([job], Echo(), Options())] == [
        str(tmp_path / "out" / "anna.jpeg")
    ]
    assert written(tmp_path / "out") == {"anna.jpeg": b"a!"}


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        files.write_whole(tmp_path / "out" / "a.jpg", b"data")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unforeseen_failure_is_logged_and_does_not_stop_the_rest(
    photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    (photos / "a.jpg").write_bytes(b"bug")
    entries = run([str(photos)], tmp_path / "out")
    assert counts(entries) == (2, 1)
    ((code, detail),) = problems(entries)
    assert code == "inference_failed"
    assert "out of order" in detail
    (record,) = caplog.records
    assert (
        record.levelname == "DEBUG"
    )  # Python prints warnings where no handler is set, as in the command line
    assert record.exc_info is not None


def test_portraits_of_an_earlier_run_are_no_photos(photos: Path) -> None:
    out = photos / "out"
    assert counts(run([str(photos)], out)) == counts(run([str(photos)], out)) == (3, 0)


def test_each_photo_has_an_entry_in_its_order(photos: Path, tmp_path: Path) -> None:
    (photos / "a.jpg").write_bytes(b"no face")
    (photos / "b.PNG").write_bytes(b"bug")
    entries = run([str(photos)], tmp_path / "out")
    assert [(entry.file, entry.output, entry.status) for entry in entries] == [
        (str(photos / "a.jpg"), None, "failed"),
        (str(photos / "b.PNG"), None, "failed"),
        (str(photos / "more" / "a.webp"), str(tmp_path / "out" / "more" / "a.jpg"), "done"),
    ]
    assert [code for code, _ in problems(entries)] == ["no_face_found", "inference_failed"]


def test_an_entry_comes_as_soon_as_its_photo_is_done(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    jobs = make_jobs(find_photos([str(photos)], [out]).photos, out)
    entries = process_jobs(jobs, Echo(), Options())
    assert [entry.file for entry in next(entries)] == [str(photos / "a.jpg")]
    assert written(out) == {"a.jpg": b"a!"}


@pytest.mark.parametrize("judge", [True, False])
def test_portraits_are_judged_only_where_that_is_asked_for(
    photos: Path, tmp_path: Path, *, judge: bool
) -> None:
    echo = Echo()
    run([str(photos)], tmp_path / "out", echo, judge=judge)
    assert echo.judged == [judge] * 3


def test_a_name_that_is_too_long_fails_by_itself(photos: Path, tmp_path: Path) -> None:
    assert counts(run(["a" * 300, str(photos / "a.jpg")], tmp_path / "out")) == (1, 1)


def test_each_face_has_its_portrait_and_its_entry(tmp_path: Path) -> None:
    (tmp_path / "class.jpg").write_bytes(b"ab3d")
    (tmp_path / "nobody.jpg").write_bytes(b"no face")
    out = tmp_path / "out"
    entries = run([str(tmp_path)], out, options=Options(preset="badge", each=True))
    assert written(out) == {"class-01.jpg": b"a!", "class-02.jpg": b"b!", "class-04.jpg": b"d!"}
    assert [entry.file for entry in entries] == [str(tmp_path / "class.jpg")] * 4 + [
        str(tmp_path / "nobody.jpg")
    ]
    assert [entry.output for entry in entries] == [
        *(str(out / name) for name in ("class-01.jpg", "class-02.jpg")),
        *(None, str(out / "class-04.jpg"), None),
    ]
    assert [code for code, _ in problems(entries)] == ["no_face_found"] * 2
