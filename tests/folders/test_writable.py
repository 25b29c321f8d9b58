import tempfile
from pathlib import Path

import pytest

from facecraft.errors import StartupError
from facecraft.folders.writable import ensure_writable


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is uid 10001, and every folder belongs to another."""

    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr("os.geteuid", lambda: 10001)


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    ensure_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a").iterdir()) == [tmp_path / "a" / "b"]


@pytest.mark.usefixtures("foreign")
def test_the_folder_of_another_user_is_named_with_both_uids(tmp_path: Path) -> None:
    with pytest.raises(StartupError) as caught:
        ensure_writable(tmp_path)
    assert caught.value.detail == (
        f"The folder {tmp_path} cannot be written by uid 10001: Permission denied; {tmp_path} belongs to uid "
        f"{tmp_path.stat().st_uid}."
    )
    assert caught.value.hint.startswith("Give it to uid 10001 (`chown 10001`), or run as its owner: ")


def test_a_folder_that_cannot_be_made_is_named_with_the_owner_of_the_one_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StartupError, match=f"{tmp_path} belongs to uid {tmp_path.stat().st_uid}"):
        ensure_writable(tmp_path / "a" / "b")
