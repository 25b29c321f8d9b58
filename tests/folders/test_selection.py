from pathlib import PurePath

import pytest

from facecraft.folders.selection import EVERYTHING, SYSTEM_NAMES, Selection, is_systems_own
from tests.docs.documents import ROOT


@pytest.mark.parametrize(
    "name",
    [
        *("#recycle", "@eaDir", "@Recycle", "#snapshot", "$RECYCLE.BIN", "System Volume Information"),
        *("lost+found", ".Trash-1000", ".Trashes", "._a.jpg", ".DS_Store", "Thumbs.db", "thumbs.DB"),
        *("desktop.ini", "IMG_0001.AAE", ".hidden.jpg"),
    ],
)
def test_what_systems_put_into_folders_is_known(name: str) -> None:
    assert is_systems_own(name)


@pytest.mark.parametrize("name", ["a.jpg", "recycle", "@anna.jpg", "#1.jpg", "Thumbs.db.jpg", "aae", "lost"])
def test_what_people_put_there_is_theirs(name: str) -> None:
    assert not is_systems_own(name)


def test_without_a_pattern_every_file_is_wanted() -> None:
    assert EVERYTHING.wants(PurePath("team/note.txt"))


@pytest.mark.parametrize(
    ("pattern", "path", "wanted"),
    [
        ("*.jpg", "team/A.JPG", True),
        ("*.JPG", "a.jpg", True),
        ("*.jpg", "a.png", False),
        ("team/*.jpg", "team/a.jpg", True),
        ("team/*.jpg", "a.jpg", False),
        ("IMG_????.*", "IMG_0001.heic", True),
    ],
)
def test_a_pattern_is_compared_with_the_name_or_the_path(pattern: str, path: str, *, wanted: bool) -> None:
    assert Selection((pattern,)).wants(PurePath(path)) is wanted


def test_any_of_several_patterns_is_enough() -> None:
    selection = Selection(("*.jpg", "*.png"))
    assert [name for name in ("a.jpg", "b.png", "c.tif") if selection.wants(PurePath(name))] == [
        "a.jpg",
        "b.png",
    ]


def test_every_name_is_documented() -> None:
    page = (ROOT / "docs" / "hot-folder.md").read_text()
    assert [name for name in SYSTEM_NAMES if f"`{name.strip()}`" not in page] == []
