"""The one builder of OpenVINO models."""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any

import onnx
from numpy.typing import NDArray

from facecraft.errors import DeviceUnavailable
from facecraft.runtime.device import Device

if TYPE_CHECKING:
    import openvino

# Where OpenVINO is imported, so is its converter of models, and that reports the import to its maker.
CONVERTER = "openvino.tools.ovc"
KERNELS = 64
"""Number of kernels to keep for sizes of inputs that may come again; they are made in milliseconds. By
default it is 5000, and each size of a photo took 1.8 MB more."""

_importing = Lock()


def is_installed() -> bool:
    """Whether the package is there. The image for GPUs does not have it."""
    return find_spec("openvino") is not None


def make_request(
    graph: bytes, weights: Mapping[str, NDArray[Any]], device: Device, *, bfloat16: bool
) -> "openvino.InferRequest":
    """Compile a graph for the CPU. Any axis without a length in it stays free.

    Args:
        graph: an ONNX model. Its initializers have names, shapes and types, but no data.
        weights: their arrays, by name; they are not copied.
        device: where it runs, and with how many threads.
        bfloat16: whether it may compute in bfloat16; else it is float32. Inputs and outputs keep their types.

    Returns:
        What runs it. It has one set of buffers, so that only one thread may use it at a time.

    Raises:
        DeviceUnavailable: OpenVINO is not installed, or the device is no CPU.
    """
    if device.kind != "cpu":
        raise DeviceUnavailable(f"OpenVINO runs on a CPU here, but the device is {device.kind}.")
    package = _imported()
    core = package.Core()
    model = core.read_model(_with_weights_as_inputs(graph))
    for parameter in model.get_parameters():
        name = parameter.output(0).any_name
        if name in weights:
            constant = package.op.Constant(weights[name], shared_memory=True)
            parameter.output(0).replace(constant.output(0))
            model.remove_parameter(parameter)
    properties = {
        "INFERENCE_PRECISION_HINT": "bf16" if bfloat16 else "f32",
        "INFERENCE_NUM_THREADS": device.threads,
        "NUM_STREAMS": 1,
        # Processes that share a machine would all sit on its first cores.
        "ENABLE_CPU_PINNING": False,
        "CPU_RUNTIME_CACHE_CAPACITY": KERNELS,
    }
    return core.compile_model(model, "CPU", properties).create_infer_request()


def _imported() -> Any:
    """Import OpenVINO without its converter, which also takes longer than all the rest."""
    with _importing:
        first = "openvino" not in sys.modules
        if first:
            sys.modules[CONVERTER] = None  # type: ignore[assignment]  # as if it were not installed
        try:
            return import_module("openvino")
        except ModuleNotFoundError as error:
            raise DeviceUnavailable(
                f"OpenVINO cannot be imported: {error}.",
                hint="Install the package openvino, or set FACECRAFT_ENGINE=auto.",
            ) from error
        finally:
            if first:
                del sys.modules[CONVERTER]


def _with_weights_as_inputs(graph: bytes) -> bytes:
    """Declare the initializers as inputs, because OpenVINO refuses those without data."""
    model = onnx.load_from_string(graph)
    for tensor in model.graph.initializer:
        model.graph.input.append(
            onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        )
    del model.graph.initializer[:]
    return bytes(model.SerializeToString())
