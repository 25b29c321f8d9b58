"""Our networks, by name of the model."""

import numpy as np

from facecraft import catalogue
from facecraft.restoration.engines.base import Engine
from facecraft.restoration.engines.choice import fastest
from facecraft.restoration.engines.graphs import graph_of, weights_of
from facecraft.restoration.engines.onnx import OnnxEngine
from facecraft.restoration.engines.openvino import OpenVinoEngine
from facecraft.restoration.network import Network
from facecraft.runtime.device import Device, computes_bfloat16
from facecraft.weights.store import default_graphs_dir


def network_of(name: str) -> Network:
    """Look up one of our networks in the catalogue."""
    (model,) = (model for model in catalogue.IMAGE_MODELS if model.name == name)
    assert model.network is not None
    return model.network


def engine_on_cpu(network: Network, device: Device) -> Engine:
    """The default engine of a network on a CPU. Its weights are random, which does not change the speed."""
    graph = graph_of(network, default_graphs_dir())
    rng = np.random.default_rng(0)
    weights = {
        name: np.float32(0.02) * rng.standard_normal(shape, np.float32)
        for name, shape in weights_of(graph).items()
    }
    if fastest(network, device) == "onnxruntime":
        return OnnxEngine(graph, weights, device)
    return OpenVinoEngine(graph, weights, device, bfloat16=computes_bfloat16() and network.bears_bfloat16)
