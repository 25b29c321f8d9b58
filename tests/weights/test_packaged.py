"""A file that comes with the package is used where it is, and verified like the others."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from facecraft.errors import HashMismatch, WeightsMissing
from facecraft.weights.__main__ import main
from facecraft.weights.lockfile import ModelEntry, PackageSource, load_lock
from facecraft.weights.progress import Progress
from facecraft.weights.store import PACKAGED_HINT, pull, state, verify

MakeEntry = Callable[..., ModelEntry]
Serve = Callable[..., str]
WriteLock = Callable[..., Path]

RIGHT = b"the right bytes"
WRONG = b"the wrong bytes"


@pytest.fixture
def entry(make_entry: MakeEntry, packaged: Path) -> ModelEntry:
    return make_entry("a", RIGHT, PackageSource("a.onnx"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_it_is_verified_where_it_is(entry: ModelEntry, packaged: Path, folder: Path) -> None:
    (packaged / "a.onnx").write_bytes(RIGHT)
    assert verify(entry, folder) == packaged / "a.onnx"
    assert state(entry, folder) == "present"


@pytest.mark.parametrize("content", [WRONG, RIGHT[:3]], ids=["wrong", "short"])
def test_a_wrong_file_is_refused_and_a_pull_is_no_advice(
    entry: ModelEntry, packaged: Path, folder: Path, content: bytes
) -> None:
    (packaged / "a.onnx").write_bytes(content)
    with pytest.raises(HashMismatch, match="is not the file") as verified:
        verify(entry, folder)
    with pytest.raises(HashMismatch, match="gave other bytes") as pulled:
        pull([entry], folder, Progress(io.StringIO()))
    assert verified.value.hint == pulled.value.hint == PACKAGED_HINT
    assert (packaged / "a.onnx").read_bytes() == content


def test_a_missing_file_is_told_and_a_pull_is_no_advice(entry: ModelEntry, folder: Path) -> None:
    assert state(entry, folder) == "missing"
    with pytest.raises(WeightsMissing) as verified:
        verify(entry, folder)
    with pytest.raises(WeightsMissing, match="cannot be read") as pulled:
        pull([entry], folder, Progress(io.StringIO()))
    assert verified.value.hint == pulled.value.hint == PACKAGED_HINT


def test_a_file_in_the_models_folder_does_not_stand_in(
    entry: ModelEntry, packaged: Path, folder: Path
) -> None:
    folder.mkdir()
    (folder / "a.onnx").write_bytes(RIGHT)
    with pytest.raises(WeightsMissing):
        verify(entry, folder)


def test_pull_reports_it_as_kept_and_copies_nothing(
    entry: ModelEntry, make_entry: MakeEntry, serve: Serve, packaged: Path, folder: Path
) -> None:
    (packaged / "a.onnx").write_bytes(RIGHT)
    stream = io.StringIO()
    done = pull([entry, make_entry("b", RIGHT, serve("/b", RIGHT))], folder, Progress(stream))
    assert [stored.source is None for stored in done] == [True, False]
    assert [stored.path for stored in done] == [packaged / "a.onnx", folder / "b.onnx"]
    assert [path.name for path in folder.iterdir()] == ["b.onnx"]
    assert "already present" in stream.getvalue().splitlines()[0]


def test_a_broken_one_and_an_unreachable_one_get_the_general_advice(
    entry: ModelEntry, make_entry: MakeEntry, serve: Serve, folder: Path
) -> None:
    with pytest.raises(WeightsMissing) as failure:
        pull([entry, make_entry("b", RIGHT, serve("/b", status=404))], folder, Progress(io.StringIO()))
    assert "Check the network" in failure.value.hint


def test_lock_compares_and_writes_it(
    entry: ModelEntry,
    packaged: Path,
    write_lock: WriteLock,
    make_entry: MakeEntry,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lock = write_lock(entry)
    (packaged / "a.onnx").write_bytes(RIGHT)
    assert main(["lock", "--lock", str(lock)]) == 0
    assert "same" in capsys.readouterr().out
    (packaged / "a.onnx").write_bytes(b"trained for longer")
    assert main(["lock", "--lock", str(lock)]) == 1
    assert main(["lock", "--write", "--lock", str(lock)]) == 0
    written, wanted = load_lock(lock).models["a"], make_entry("a", b"trained for longer")
    assert (written.bytes, written.sha256) == (wanted.bytes, wanted.sha256)
    assert (packaged / "a.onnx").read_bytes() == b"trained for longer"


def test_list_and_verify_know_it(
    entry: ModelEntry,
    packaged: Path,
    write_lock: WriteLock,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lock = str(write_lock(entry))
    assert main(["verify", "--lock", lock, "--dir", str(folder)]) == 1
    (packaged / "a.onnx").write_bytes(RIGHT)
    assert main(["verify", "--lock", lock, "--dir", str(folder)]) == 0
    capsys.readouterr()
    main(["list", "--json", "--lock", lock, "--dir", str(folder)])
    (listed,) = json.loads(capsys.readouterr().out)["models"]
    assert listed["state"] == "present"
    assert listed["sources"] == [{"file": "a.onnx"}]
