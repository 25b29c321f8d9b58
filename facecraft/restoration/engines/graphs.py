"""ONNX graphs of our own networks, exported once.

A graph has no weights in it: those are given to it when a session is made, straight from the verified file.
So it is a few hundred kilobytes, holds for any weights of its architecture, and is named after what it was
made from: the source of the networks and of this module, and the version of torch.
"""

import hashlib
import logging
import tempfile
import warnings
from collections.abc import Container, Mapping, Sequence
from functools import cache
from pathlib import Path

import onnx
import torch
from onnx import TensorProto
from torch import Tensor, nn

from facecraft.files import write_whole
from facecraft.restoration import nets
from facecraft.restoration.networks import Network

OPSET = 17

logger = logging.getLogger(__name__)


def graph_of(name: str, network: Network, folder: Path) -> bytes:
    """The network's graph from the folder; exported, and kept there where that can be, if it is not in it."""
    path = folder / f"{name}-{source_key()}.onnx"
    if path.is_file():
        return path.read_bytes()
    graph = export(network.blank(), network.inputs(), network.free_axes())
    try:
        write_whole(path, graph)
    except OSError as error:  # a read-only or full disk costs the next start some seconds, and nothing else
        logger.warning("The graph of %s cannot be kept in %s: %s.", name, folder, error)
    return graph


@cache
def source_key() -> str:
    """Changes with everything that a graph depends on."""
    digest = hashlib.sha256(torch.__version__.encode())
    sources = (Path(__file__), Path(__file__).parent.parent / "networks.py")
    for source in (*sources, *sorted(Path(nets.__path__[0]).glob("*.py"))):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def export(net: nn.Module, inputs: Mapping[str, Tensor], free_axes: Mapping[str, Sequence[int]]) -> bytes:
    """A serialized ONNX model whose initializers have names, shapes and types, but no data.

    Args:
        net: no two of its tensors are equal, or the exporter makes one of them.
        inputs: by the name that each is to have.
        free_axes: which axes of each input may have another length than they have here.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The exporter that replaces this one needs onnxscript, and sympy, which images do without.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", "Constant folding", UserWarning)
        # Of torch's own checks of shapes, which a trace takes as passed.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        torch.onnx.export(
            net,
            tuple(inputs.values()),
            Path(folder) / "graph.onnx",
            dynamo=False,
            opset_version=OPSET,
            export_params=False,
            do_constant_folding=False,  # ONNX Runtime folds, with the weights at hand
            input_names=list(inputs),
            output_names=["result"],
            dynamic_axes={
                name: {axis: f"{name}_{axis}" for axis in axes} for name, axes in free_axes.items()
            },
        )
        model = onnx.load(Path(folder) / "graph.onnx")
    return _with_weights_outside(model, inputs)


def _with_weights_outside(model: onnx.ModelProto, inputs: Container[str]) -> bytes:
    """Turn the weights, which the exporter left as inputs, into initializers whose data is elsewhere."""
    declared = list(model.graph.input)
    del model.graph.input[:]
    for value in declared:
        if value.name in inputs:
            model.graph.input.append(value)
            continue
        tensor = model.graph.initializer.add()
        tensor.name = value.name
        tensor.data_type = value.type.tensor_type.elem_type
        tensor.dims.extend(dim.dim_value for dim in value.type.tensor_type.shape.dim)
        tensor.data_location = TensorProto.EXTERNAL
        location = tensor.external_data.add()
        location.key, location.value = "location", "given to the session"
    return bytes(model.SerializeToString())
