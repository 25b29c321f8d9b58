"""ONNX Runtime, for our own networks and for published ONNX files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecraft.errors import LockInvalid
from facecraft.restoration.signature import Signature
from facecraft.runtime.device import Device
from facecraft.runtime.onnx import make_session


class OnnxEngine:
    """Runs a graph of one of our networks.

    Args:
        graph: from `engines.graphs`.
        weights: arrays of the graph's weights, by name. They are not needed afterwards.
        device: the engine's device. Engines on the same device run one at a time.
    """

    name = "onnxruntime"

    def __init__(self, graph: bytes, weights: Mapping[str, NDArray[Any]], device: Device) -> None:
        # Without planned memory GFPGAN needs 460 MB less and is as fast.
        self._session = make_session(graph, device, weights=weights, plan_memory=False)
        self._inputs = [value.name for value in self._session.get_inputs()]
        self._lock = device.lock

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        feed = dict(zip(self._inputs, inputs, strict=True))
        with self._lock:
            (output,) = self._session.run(None, feed)
        return np.asarray(output)


class OnnxFileEngine:
    """Runs a published ONNX file: one input and a first output, (N, 3, side, side) float32, RGB.

    Args:
        path: the file.
        signature: range and side of the file's input and output.
        device: the engine's device. Engines on the same device run one at a time.

    Raises:
        LockInvalid: the file's inputs differ from the signature.
    """

    name = "onnxruntime"

    def __init__(self, path: Path, signature: Signature, device: Device) -> None:
        self._session = make_session(path, device, plan_memory=False)
        self._signature = signature
        self._lock = device.lock
        inputs = [(value.type, value.shape) for value in self._session.get_inputs()]
        side = signature.side_px
        if len(inputs) != 1 or not _is_input(*inputs[0], (3, side, side)):
            raise LockInvalid(f"{path.name} takes {inputs}, but must take N x 3 x {side} x {side} float32.")
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name
        self._one_by_one = inputs[0][1][0] == 1
        self._file = path.name

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        (pixels,) = inputs
        black, span = self._signature.black, self._signature.span
        x = pixels.transpose(0, 3, 1, 2).astype(np.float32) * (span / 255) + black
        y = np.concatenate([self._run(each) for each in (np.split(x, len(x)) if self._one_by_one else [x])])
        if y.shape != x.shape:
            raise LockInvalid(
                f"{self._file} returns {y.shape} for {x.shape}, but must return the same shape."
            )
        levels = ((y - black) * (255 / span)).round().clip(0, 255)
        return np.ascontiguousarray(levels.astype(np.uint8).transpose(0, 2, 3, 1))

    def _run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        with self._lock:
            (y,) = self._session.run([self._output], {self._input: np.ascontiguousarray(x, np.float32)})
        return np.asarray(y, np.float32)


def _is_input(kind: str, shape: list[Any], sample: tuple[int, ...]) -> bool:
    """Check that a declared input accepts samples of this shape, singly or in batches.

    Free axes have names.
    """
    if kind != "tensor(float)" or len(shape) != 1 + len(sample):
        return False
    batch, *sides = shape
    fits = all(
        declared == side for declared, side in zip(sides, sample, strict=True) if isinstance(declared, int)
    )
    return fits and (batch == 1 or not isinstance(batch, int))
