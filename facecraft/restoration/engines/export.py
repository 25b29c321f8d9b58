"""Export a network as an ONNX graph without weights."""

import tempfile
import warnings
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

import onnx
import torch
from onnx import TensorProto
from torch import Tensor, nn

OPSET = 17


def export(net: nn.Module, inputs: Mapping[str, Tensor], free_axes: Mapping[str, Sequence[int]]) -> bytes:
    """Export a network as an ONNX model. Its initializers have names, shapes and types, but no data.

    Args:
        net: all tensors must differ, or the exporter merges equal ones.
        inputs: one sample of each, by name.
        free_axes: the axes with a free length of each input, by name.

    Returns:
        The serialized model.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The newer exporter needs onnxscript and sympy, and our images have neither.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", "Constant folding", UserWarning)
        # torch's own checks of shapes cause this warning.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        torch.onnx.export(
            net,
            tuple(inputs.values()),
            Path(folder) / "graph.onnx",
            dynamo=False,
            opset_version=OPSET,
            export_params=False,
            do_constant_folding=False,  # engines fold constants when they have the weights
            input_names=list(inputs),
            output_names=["result"],
            dynamic_axes={
                name: {axis: f"{name}_{axis}" for axis in axes} for name, axes in free_axes.items()
            },
        )
        model = onnx.load(Path(folder) / "graph.onnx")
    return _with_weights_outside(model, inputs)


def _with_weights_outside(model: onnx.ModelProto, inputs: Container[str]) -> bytes:
    """Convert the weights from inputs, as the exporter writes them, to initializers with external data."""
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
