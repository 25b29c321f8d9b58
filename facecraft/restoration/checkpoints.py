"""Read published weights as arrays. The suffix of a file says its format.

- `.pth`: a checkpoint of BasicSR, a pickle of torch. Only tensors are read.
- `.safetensors`: safetensors, float16 or float32.
- `.bin`: ncnn's file of a stack of convolutions (`modelbin.cpp`). It has no names or shapes, only the data of
  each layer in order of execution. A convolution with float16 weights has a tag, the weights, zeros up to a
  multiple of four bytes, and the bias in float32.
"""

from collections.abc import Mapping
from math import prod
from pathlib import Path
from pickle import UnpicklingError
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from facecraft.errors import LockInvalid

Arrays: TypeAlias = dict[str, NDArray[np.float32]]
Shapes: TypeAlias = Mapping[str, tuple[int, ...]]

KEY = "params_ema"  # the averaged weights in a checkpoint of BasicSR
FP16_TAG = 0x01306B47


def read(path: Path, shapes: Shapes) -> Arrays:
    """Read the weights of a network.

    Args:
        path: the file.
        shapes: of the weights to find, by name, in the order of the network's declaration.

    Returns:
        All that is in the file, by name, float32.

    Raises:
        LockInvalid: the file is damaged, or lacks a weight of that name and shape.
    """
    match path.suffix:
        case ".pth":
            found = _read_basicsr(path)
        case ".safetensors":
            found = _read_safetensors(path)
        case ".bin":
            found = _read_ncnn(path, shapes)
        case suffix:
            raise LockInvalid(f"{path.name} has a suffix of no known format: {suffix!r}.")
    for name, shape in shapes.items():
        if name not in found or found[name].shape != shape:
            has = found[name].shape if name in found else "nothing"
            raise LockInvalid(f"{path.name} must hold {name} with the shape {shape}, but has {has}.")
    return found


def _read_basicsr(path: Path) -> Arrays:
    import torch  # noqa: PLC0415  # takes a second, and the default models do without it

    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)[KEY]
        return {name: tensor.numpy() for name, tensor in tensors.items()}
    except (UnpicklingError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise LockInvalid(f"{path.name} is no checkpoint of BasicSR: {error}") from error


def _read_safetensors(path: Path) -> Arrays:
    try:
        return {name: value.astype(np.float32) for name, value in load_file(path).items()}
    except SafetensorError as error:
        raise LockInvalid(f"{path.name} is no file of safetensors: {error}") from error


def _read_ncnn(path: Path, shapes: Shapes) -> Arrays:
    data = path.read_bytes()
    found: Arrays = {}
    offset = 0
    for name, shape in shapes.items():
        layer, _, kind = name.rpartition(".")
        if kind != "weight":
            continue
        bias = f"{layer}.bias"
        bias_at = offset + 4 + (2 * prod(shape) + 3) // 4 * 4
        end = bias_at + 4 * prod(shapes[bias])
        if end > len(data) or int.from_bytes(data[offset : offset + 4], "little") != FP16_TAG:
            raise LockInvalid(f"{path.name} does not hold the convolution {layer} at byte {offset}.")
        weight = np.frombuffer(data, "<f2", prod(shape), offset + 4)
        found[name] = weight.astype(np.float32).reshape(shape)
        found[bias] = np.frombuffer(data, "<f4", prod(shapes[bias]), bias_at).astype(np.float32)
        offset = end
    if offset != len(data):
        raise LockInvalid(f"{path.name} has {len(data) - offset} bytes more than its network needs.")
    return found
