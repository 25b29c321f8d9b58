import io
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from facecraft.errors import HashMismatch, WeightsMissing
from facecraft.weights.lockfile import ModelEntry, UrlSource
from facecraft.weights.progress import Progress
from facecraft.weights.store import pull

Serve = Callable[..., str]
MakeEntry = Callable[..., ModelEntry]
WriteLock = Callable[..., Path]

RIGHT = b"the right bytes"
WRONG = b"the wrong bytes"


class Interrupting(Progress):  # somebody presses Ctrl-C when the first bytes have come
    @contextmanager
    def bar(self, label: str, total_bytes: int | None) -> Iterator[Callable[[int], None]]:
        def received(_: int) -> None:
            raise KeyboardInterrupt

        yield received


@pytest.fixture
def progress() -> Progress:
    return Progress(io.StringIO())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def names(folder: Path) -> list[str]:
    """Hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def test_a_pulled_file_has_the_right_bytes(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    pull([make_entry("a", RIGHT, serve("/a", RIGHT))], folder, progress)
    assert (folder / "a.onnx").read_bytes() == RIGHT


def test_nothing_but_the_file_is_left(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    pull([make_entry("a", RIGHT, serve("/a", RIGHT))], folder, progress)
    assert names(folder) == ["a.onnx"]


def test_a_pulled_file_can_be_read_by_others(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    umask = os.umask(0o022)
    try:
        pull([make_entry("a", RIGHT, serve("/a", RIGHT))], folder, progress)
    finally:
        os.umask(umask)
    assert stat.S_IMODE((folder / "a.onnx").stat().st_mode) == 0o644


def test_a_second_pull_downloads_nothing(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress, requested: list[str]
) -> None:
    entry = make_entry("a", RIGHT, serve("/a", RIGHT))
    pull([entry], folder, progress)
    pull([entry], folder, progress)
    assert requested == ["/a"]


def test_a_second_pull_reports_the_file_as_kept(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    entry = make_entry("a", RIGHT, serve("/a", RIGHT))
    pull([entry], folder, progress)
    assert pull([entry], folder, progress)[0].source is None


def test_a_model_named_twice_is_downloaded_once(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress, requested: list[str]
) -> None:
    entry = make_entry("a", RIGHT, serve("/a", RIGHT))
    pull([entry, entry], folder, progress)
    assert requested == ["/a"]


def test_wrong_bytes_leave_nothing(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    with pytest.raises(HashMismatch):
        pull([make_entry("a", RIGHT, serve("/a", WRONG))], folder, progress)
    assert names(folder) == []


def test_wrong_bytes_are_told_with_source_expected_and_actual(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    url = serve("/a", WRONG)
    right, wrong = make_entry("a", RIGHT, url), make_entry("a", WRONG, url)
    with pytest.raises(HashMismatch) as failure:
        pull([right], folder, progress)
    assert failure.value.detail == (
        "One model could not be downloaded from any source. No incomplete file was kept.\n"
        "\n"
        "  a\n"
        f"    {url}\n"
        "      gave other bytes\n"
        f"        expected  sha256 {right.sha256}\n"
        f"        actual    sha256 {wrong.sha256}"
    )


def test_too_few_bytes_are_wrong_bytes(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    with pytest.raises(HashMismatch, match="actual    3 bytes"):
        pull([make_entry("a", RIGHT, serve("/a", RIGHT[:3]))], folder, progress)


def test_a_wrong_file_is_replaced_by_the_right_one(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    folder.mkdir()
    (folder / "a.onnx").write_bytes(WRONG)
    pull([make_entry("a", RIGHT, serve("/a", RIGHT))], folder, progress)
    assert (folder / "a.onnx").read_bytes() == RIGHT


def test_a_wrong_file_is_not_replaced_by_another_wrong_one(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    folder.mkdir()
    (folder / "a.onnx").write_bytes(b"edited by hand!")
    with pytest.raises(HashMismatch):
        pull([make_entry("a", RIGHT, serve("/a", WRONG))], folder, progress)
    assert (folder / "a.onnx").read_bytes() == b"edited by hand!"


def test_the_second_source_serves_where_the_first_is_gone(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    second = serve("/second", RIGHT)
    done = pull([make_entry("a", RIGHT, serve("/first", status=404), second)], folder, progress)
    assert done[0].source == UrlSource(second)


def test_the_second_source_serves_where_the_first_is_wrong(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    entry = make_entry("a", RIGHT, serve("/first", WRONG), serve("/second", RIGHT))
    pull([entry], folder, progress)
    assert (folder / "a.onnx").read_bytes() == RIGHT


def test_every_source_s_reason_is_told(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    first, second = serve("/first", status=404), serve("/second", status=503)
    with pytest.raises(WeightsMissing) as failure:
        pull([make_entry("a", RIGHT, first, second)], folder, progress)
    block = f"    {first}\n      answered 404 Not Found\n    {second}\n      answered 503 Service Unavailable"
    assert block in failure.value.detail


def test_one_failure_does_not_keep_the_others_away(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    gone, there = make_entry("a", RIGHT, serve("/a", status=404)), make_entry("b", RIGHT, serve("/b", RIGHT))
    with pytest.raises(WeightsMissing):
        pull([gone, there], folder, progress)
    assert names(folder) == ["b.onnx"]


def test_an_interrupted_download_leaves_nothing(serve: Serve, make_entry: MakeEntry, folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        pull([make_entry("a", RIGHT, serve("/a", RIGHT))], folder, Interrupting(io.StringIO()))
    assert names(folder) == []


def test_a_folder_that_cannot_be_made_is_told(
    serve: Serve, make_entry: MakeEntry, tmp_path: Path, progress: Progress
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WeightsMissing, match="cannot be written"):
        pull([make_entry("a", RIGHT, serve("/a", RIGHT))], tmp_path / "file" / "models", progress)


def test_a_finished_file_is_one_line(
    serve: Serve, make_entry: MakeEntry, folder: Path, progress: Progress
) -> None:
    pull([make_entry("a", RIGHT, serve("/a", RIGHT))], folder, progress)
    assert isinstance(progress.stream, io.StringIO)
    assert [len(line.split()) for line in progress.stream.getvalue().splitlines()] == [8]


def process(lock: Path, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "facecraft.weights", "pull", "--lock", str(lock), "--dir", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_two_processes_may_pull_at_once(
    serve: Serve, make_entry: MakeEntry, write_lock: WriteLock, folder: Path
) -> None:
    both_are_here = threading.Barrier(2)

    class Halved:
        """The second half is sent when both processes have the first."""

        def __iter__(self) -> Iterator[bytes]:
            yield RIGHT[:5]
            both_are_here.wait(timeout=30)
            yield RIGHT[5:]

    lock = write_lock(make_entry("a", RIGHT, serve("/a", Halved())))
    with process(lock, folder) as one, process(lock, folder) as other:
        ends = [one.wait(timeout=60), other.wait(timeout=60)]
    assert (ends, names(folder)) == ([0, 0], ["a.onnx"])


def test_a_terminated_pull_leaves_nothing(
    serve: Serve, make_entry: MakeEntry, write_lock: WriteLock, folder: Path
) -> None:
    begun, over = threading.Event(), threading.Event()

    def stalling() -> Iterator[bytes]:
        yield RIGHT[:5]
        begun.set()
        over.wait(timeout=60)

    lock = write_lock(make_entry("a", RIGHT, serve("/a", stalling())))
    with process(lock, folder) as pulling:
        begun.wait(timeout=30)
        pulling.terminate()
        end = pulling.wait(timeout=30)
        over.set()
    assert (end, names(folder)) == (130, [])
