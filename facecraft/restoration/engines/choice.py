"""Choose and make the engine of one of our networks."""

from pathlib import Path
from typing import Literal, TypeAlias, assert_never

from facecraft.restoration.engines.base import Engine
from facecraft.restoration.engines.graphs import graph_of, weights_of
from facecraft.restoration.engines.onnx import OnnxEngine
from facecraft.restoration.engines.openvino import OpenVinoEngine
from facecraft.restoration.network import Module, Network
from facecraft.runtime import openvino
from facecraft.runtime.device import Device, computes_bfloat16, set_tf32

EngineName: TypeAlias = Literal["torch", "onnxruntime", "openvino"]


def fastest(network: Network, device: Device) -> EngineName:
    """The engine that benchmarks/engines.py measures as the fastest; not every image has OpenVINO."""
    match device.kind:
        case "cuda":
            return "torch"
        case "cpu":
            return "openvino" if network.bears_bfloat16 and openvino.is_installed() else "onnxruntime"


def make_engine(
    name: EngineName, network: Network, path: Path, device: Device, graphs_dir: Path, *, precise: bool
) -> Engine:
    """Make an engine of a network with the weights of a file.

    Args:
        name: of the engine.
        network: one of ours.
        path: the verified file of its weights.
        device: where it runs.
        graphs_dir: folder of the graphs.
        precise: whether it computes in float32 even where a shorter type is faster.

    Raises:
        LockInvalid: the file does not hold the network's weights.
        DeviceUnavailable: the engine is not installed, or cannot use the device.
    """
    match name:
        case "torch":
            return _torch_engine(network.load(path), device, precise=precise)
        case "onnxruntime" | "openvino":
            graph = graph_of(network, graphs_dir)
            weights = network.arrays(path, weights_of(graph))
            if name == "onnxruntime":
                return OnnxEngine(graph, weights, device)
            short = network.bears_bfloat16 and computes_bfloat16() and not precise
            return OpenVinoEngine(graph, weights, device, bfloat16=short)
        case _:
            assert_never(name)


def _torch_engine(net: Module, device: Device, *, precise: bool) -> Engine:
    from facecraft.restoration.engines.torch import TorchEngine  # noqa: PLC0415  # torch takes a second

    if device.kind == "cuda":
        set_tf32(allowed=not precise)
        net = net if precise else net.half()
    return TorchEngine(net, device)
