"""What is found in files, folders and patterns, and what is refused; test_once.py has the rest of the way."""

import os
from pathlib import Path

import pytest

from facecraft.folders.search import find_photos
from facecraft.folders.selection import Selection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "photos"


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"a")


def photos(*inputs: Path | str, patterns: tuple[str, ...] = (), outputs: tuple[Path, ...] = ()) -> list[str]:
    found = find_photos([str(text) for text in inputs], outputs, Selection(patterns))
    return [photo.relative.as_posix() for photo in found.photos]


def refused(*inputs: Path | str, outputs: tuple[Path, ...] = ()) -> dict[str, str]:
    """The code of each refused file, by its name."""
    found = find_photos([str(text) for text in inputs], outputs)
    return {each.path.name: each.error.code for each in found.refused}


def test_what_is_no_photo_by_its_name_is_refused_and_not_skipped(folder: Path) -> None:
    put(folder, "a.jpg", "more/film.mov", "note.txt", "scan")
    assert photos(folder) == ["a.jpg"]
    assert refused(folder) == dict.fromkeys(["film.mov", "note.txt", "scan"], "unsupported_format")


def test_what_systems_put_there_is_left_alone(folder: Path) -> None:
    put(
        folder,
        "a.jpg",
        "#recycle/b.jpg",
        "@eaDir/c.jpg",
        "._a.jpg",
        "Thumbs.db",
        "IMG_1.AAE",
        ".Trash-0/d.jpg",
    )
    assert (photos(folder), refused(folder)) == (["a.jpg"], {})
    assert photos(f"{folder}/**/*.jpg") == ["a.jpg"]


def test_what_the_user_names_is_taken_whatever_it_is(folder: Path) -> None:
    put(folder, "#recycle/b.jpg", "note.txt")
    assert photos(folder / "#recycle") == ["b.jpg"]
    assert photos(folder / "note.txt", f"{folder}/#recycle/*") == ["note.txt", "b.jpg"]
    assert refused(folder, folder / "note.txt") == {}


def test_a_pattern_takes_the_files_that_fit_and_leaves_the_others_alone(folder: Path) -> None:
    put(folder, "a.jpg", "b.png", "scan.0001", "note.txt")
    assert photos(folder, patterns=("*.JPG", "scan.*")) == ["a.jpg", "scan.0001"]
    assert find_photos([str(folder)], selection=Selection(("*.jpg",))).refused == []


def test_what_the_run_writes_is_no_photo(folder: Path) -> None:
    put(folder, "a.jpg", "out/a.jpg", "portraits.csv")
    outputs = (folder / "out", folder / "portraits.csv")
    assert (photos(folder, outputs=outputs), refused(folder, outputs=outputs)) == (["a.jpg"], {})


def test_a_pipe_is_refused_and_not_read(folder: Path) -> None:
    put(folder, "a.jpg")
    os.mkfifo(folder / "pipe.jpg")
    assert (photos(folder), refused(folder)) == (["a.jpg"], {"pipe.jpg": "unsupported_format"})


def test_a_link_to_a_folder_elsewhere_is_refused_and_one_inside_is_not_looked_into_twice(
    folder: Path,
) -> None:
    put(folder, "team/a.jpg", "../elsewhere/b.jpg")
    (folder / "same").symlink_to("team")
    (folder / "other").symlink_to("../elsewhere")
    assert photos(folder) == ["team/a.jpg"]
    assert refused(folder) == {"other": "bad_request"}


def test_a_link_to_nothing_and_one_to_itself_are_photos_whose_reading_fails(folder: Path) -> None:
    put(folder, "a.jpg")
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    assert photos(folder, folder / "loop.jpg") == ["a.jpg", "gone.jpg", "loop.jpg"]


def test_a_folder_that_cannot_be_searched_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, "a.jpg", "closed/b.jpg")
    look = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return look(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = find_photos([str(folder)])
    assert [photo.relative.name for photo in found.photos] == ["a.jpg"]
    ((path, error),) = [(each.path, each.error) for each in found.refused]
    assert path == folder / "closed"
    assert error.detail == "The folder cannot be searched: Permission denied."


def test_a_pattern_that_fits_only_what_systems_put_there_is_told(tmp_path: Path) -> None:
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "a.jpg").write_bytes(b"")
    found = find_photos([f"{tmp_path}/.hid*"])
    assert found.photos == []
    (refused,) = found.refused
    assert refused.error.detail == "It fits nothing but what systems put there."
