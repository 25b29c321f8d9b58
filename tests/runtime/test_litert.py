import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from facecraft.runtime.litert import LiteRTInterpreter, _stderr_without

OPEN = Path("/proc/self/fd")


def in_a_process(code: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)


def test_an_interpreter_is_made_without_a_word(model_path: Callable[[str], Path]) -> None:
    path = model_path("selfie-segmentation")
    code = f"""
from pathlib import Path
from facecraft.runtime.litert import LiteRTInterpreter
LiteRTInterpreter(Path({str(path)!r}))
"""
    assert in_a_process(code).stderr == b""


def test_an_interpreter_can_be_made_where_standard_error_is_closed(model_path: Callable[[str], Path]) -> None:
    path = model_path("selfie-segmentation")
    code = f"""
import os
from pathlib import Path
from facecraft.runtime.litert import LiteRTInterpreter
os.close(2)
LiteRTInterpreter(Path({str(path)!r}))
print("made")
"""
    assert in_a_process(code).stdout == b"made\n"


def test_standard_error_loses_one_line_and_nothing_else() -> None:
    code = """
import os
from threading import Thread
from facecraft.runtime.litert import _stderr_without
def write(text):
    thread = Thread(target=os.write, args=(2, text))
    thread.start()
    thread.join()
write(b"before\\n")
with _stderr_without(b"noise\\n"):
    write(b"one\\n")
    write(b"noise\\n")
    write(b"two\\n" * 100_000)
write(b"after\\n")
"""
    assert in_a_process(code).stderr == b"before\none\n" + b"two\n" * 100_000 + b"after\n"


@pytest.mark.skipif(sys.platform != "linux", reason="standard error is left alone elsewhere")
def test_standard_error_is_back_after_an_error() -> None:
    before = os.fstat(2).st_ino
    with pytest.raises(ValueError, match="within"), _stderr_without(b"noise\n"):
        raise ValueError("within")
    assert os.fstat(2).st_ino == before


@pytest.mark.skipif(sys.platform != "linux", reason="standard error is left alone elsewhere")
def test_no_descriptor_is_left_open_where_the_system_gives_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> int:
        raise OSError("no memory files")

    monkeypatch.setattr(os, "memfd_create", refuse)
    before = len(list(OPEN.iterdir()))
    with _stderr_without(b"noise\n"):
        assert len(list(OPEN.iterdir())) == before
    assert len(list(OPEN.iterdir())) == before


@pytest.mark.skipif(sys.platform != "linux", reason="standard error is left alone elsewhere")
def test_standard_error_that_nobody_reads_does_not_fail_the_load() -> None:
    code = """
import os
from facecraft.runtime.litert import _stderr_without
reading, writing = os.pipe()
os.dup2(writing, 2)
os.close(reading)
with _stderr_without(b"noise\\n"):
    os.write(2, b"lost\\n")
print("loaded")
"""
    assert in_a_process(code).stdout == b"loaded\n"


def test_threads_get_their_own_results(model_path: Callable[[str], Path]) -> None:
    interpreter = LiteRTInterpreter(model_path("selfie-segmentation"))
    inputs = [np.full(interpreter.input_shape, level, np.float32) for level in (0, 0.3, 0.6, 1)]
    expected = [interpreter.run(x)[0] for x in inputs]
    assert expected[0].shape == interpreter.output_shapes[0]
    found: list[list[np.ndarray]] = [[] for _ in inputs]

    def run(index: int) -> None:
        for _ in range(10):
            found[index].append(interpreter.run(inputs[index])[0])

    threads = [Thread(target=run, args=(index,)) for index in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for wanted, results in zip(expected, found, strict=True):
        assert all((result == wanted).all() for result in results)
