"""The one builder of LiteRT interpreters."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

# LiteRT prints this when its first interpreter allocates. It has no setting for it, in Python or elsewhere.
DELEGATE_LINE = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
STDERR = 2

_stderr_lock = Lock()


class LiteRTInterpreter:
    """Runs a .tflite file with one input, on one CPU thread. Safe to call from several threads.

    Attributes:
        input_shape: of the input.
        output_shapes: of each output.
    """

    def __init__(self, path: Path) -> None:
        self._interpreter = Interpreter(model_path=str(path), num_threads=1)
        with _stderr_without(DELEGATE_LINE):
            self._interpreter.allocate_tensors()
        (given,) = self._interpreter.get_input_details()
        made = self._interpreter.get_output_details()
        self._input, self._outputs = given["index"], [each["index"] for each in made]
        self.input_shape = _shape(given["shape"])
        self.output_shapes = [_shape(each["shape"]) for each in made]
        self._lock = Lock()  # an interpreter has one set of tensors

    def run(self, x: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Run it once.

        Args:
            x: `input_shape` float32.

        Returns:
            A copy of each output.
        """
        with self._lock:
            self._interpreter.set_tensor(self._input, x)
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(index) for index in self._outputs]


def _shape(sides: NDArray[np.int32]) -> tuple[int, ...]:
    return tuple(int(side) for side in sides)


@contextmanager
def _stderr_without(line: bytes) -> Iterator[None]:
    """Drop one line from what native code writes to standard error, and nothing else.

    What the whole process writes there meanwhile goes to memory first, and from there to standard error.
    Where the system has no such memory, the line is printed.
    """
    with _stderr_lock:
        descriptors = _descriptors()
        if descriptors is None:
            yield
            return
        original, buffer = descriptors
        os.dup2(buffer, STDERR)
        try:
            yield
        finally:
            os.dup2(original, STDERR)
            os.close(original)
            with os.fdopen(buffer, "rb") as file:
                file.seek(0)
                written = file.read().replace(line, b"", 1)
            if written:
                with suppress(OSError):  # nobody reads it any more; that is no reason to fail
                    os.write(STDERR, written)


def _descriptors() -> tuple[int, int] | None:
    """A copy of standard error, and a file in memory; None where the system does not give both."""
    if sys.platform != "linux":
        return None
    try:
        original = os.dup(STDERR)
    except OSError:  # standard error is closed
        return None
    try:
        return original, os.memfd_create("stderr")
    except OSError:
        os.close(original)
        return None
