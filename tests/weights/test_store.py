import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from facecraft.errors import HashMismatch, WeightsMissing
from facecraft.weights import store
from facecraft.weights.lockfile import ModelEntry
from facecraft.weights.store import default_models_dir, state, verify

MakeEntry = Callable[..., ModelEntry]

RIGHT = b"the right bytes"
WRONG = b"the wrong bytes"


def test_verify_gives_the_path_of_a_right_file(make_entry: MakeEntry, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(RIGHT)
    assert verify(make_entry("a", RIGHT), tmp_path) == tmp_path / "a.onnx"


def test_verify_of_a_missing_file_says_how_to_get_it(make_entry: MakeEntry, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing) as failure:
        verify(make_entry("a", RIGHT), tmp_path)
    assert "facecraft models pull a" in failure.value.hint


def test_verify_of_a_folder_in_the_file_s_place_says_it_is_missing(
    make_entry: MakeEntry, tmp_path: Path
) -> None:
    (tmp_path / "a.onnx").mkdir()
    with pytest.raises(WeightsMissing):
        verify(make_entry("a", RIGHT), tmp_path)


def test_verify_of_a_wrong_file_names_file_expected_and_actual(make_entry: MakeEntry, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(WRONG)
    right, wrong = make_entry("a", RIGHT), make_entry("a", WRONG)
    with pytest.raises(HashMismatch) as failure:
        verify(right, tmp_path)
    assert failure.value.detail == (
        f"{tmp_path / 'a.onnx'} is not the file in models.lock: "
        f"expected sha256 {right.sha256}, actual sha256 {wrong.sha256}."
    )


def test_verify_compares_the_size_before_it_hashes(
    make_entry: MakeEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.onnx").write_bytes(RIGHT[:3])
    monkeypatch.setattr(store, "digest", lambda _: pytest.fail("hashed"))
    with pytest.raises(HashMismatch, match="expected 15 bytes, actual 3 bytes"):
        verify(make_entry("a", RIGHT), tmp_path)


@pytest.mark.parametrize(
    ("content", "expected"), [(RIGHT, "present"), (RIGHT[:3], "wrong size"), (None, "missing")]
)
def test_state_is_a_glance(
    make_entry: MakeEntry, tmp_path: Path, content: bytes | None, expected: str
) -> None:
    if content is not None:
        (tmp_path / "a.onnx").write_bytes(content)
    assert state(make_entry("a", RIGHT), tmp_path) == expected


def test_the_models_are_in_the_cache_that_was_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_models_dir() == tmp_path / "facecraft" / "models"


@pytest.mark.parametrize(("platform", "cache"), [("linux", ".cache"), ("darwin", "Library/Caches")])
def test_the_models_are_in_the_user_s_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, cache: str
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_models_dir() == tmp_path / cache / "facecraft" / "models"


def test_a_relative_cache_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_models_dir() == tmp_path / ".cache" / "facecraft" / "models"


def test_a_user_without_a_home_gets_the_system_s_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert default_models_dir() == Path("/var/cache/facecraft/models")
