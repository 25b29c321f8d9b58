from pathlib import Path

import onnx
import pytest
import torch
from torch import nn

from facecraft.restoration.engines import choice
from facecraft.restoration.engines import torch as torch_engine
from facecraft.restoration.engines.choice import EngineName, fastest, make_engine
from facecraft.restoration.network import Network
from facecraft.runtime import openvino
from facecraft.runtime.device import Device
from tests.devices import CPU, CUDA
from tests.restoration.conftest import NETWORKS

HALF, FULL, SHORT = torch.float16, torch.float32, torch.bfloat16
X4PLUS, CODEFORMER = NETWORKS["realesrgan-x4plus"], NETWORKS["codeformer"]


def test_the_fastest_engine_follows_device_and_network(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [fastest(network, CUDA) for network in (X4PLUS, CODEFORMER)] == ["torch", "torch"]
    assert [fastest(network, CPU) for network in (X4PLUS, CODEFORMER)] == ["openvino", "onnxruntime"]
    monkeypatch.setattr(openvino, "is_installed", lambda: False)
    assert fastest(X4PLUS, CPU) == "onnxruntime"


@pytest.mark.parametrize("bfloat16", [True, False])
@pytest.mark.parametrize(
    ("name", "network", "device", "precise", "expected"),
    [
        ("torch", X4PLUS, CUDA, False, HALF),
        ("torch", X4PLUS, CUDA, True, FULL),
        ("torch", X4PLUS, CPU, False, FULL),
        ("onnxruntime", X4PLUS, CPU, False, FULL),
        ("openvino", X4PLUS, CPU, False, SHORT),
        ("openvino", X4PLUS, CPU, True, FULL),
        ("openvino", CODEFORMER, CPU, False, FULL),
    ],
)
def test_the_type_follows_engine_network_device_processor_and_precision(
    *,
    name: EngineName,
    network: Network,
    device: Device,
    precise: bool,
    bfloat16: bool,
    expected: torch.dtype,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[tuple[str, torch.dtype]] = []

    def by_torch(net: nn.Module, _device: Device) -> None:
        made.append(("torch", next(net.parameters()).dtype))

    def by_onnx(_graph: bytes, _weights: object, _device: Device) -> None:
        made.append(("onnxruntime", FULL))

    def by_openvino(_graph: bytes, _weights: object, _device: Device, *, bfloat16: bool) -> None:
        made.append(("openvino", SHORT if bfloat16 else FULL))

    monkeypatch.setattr(torch_engine, "TorchEngine", by_torch)
    monkeypatch.setattr(choice, "OnnxEngine", by_onnx)
    monkeypatch.setattr(choice, "OpenVinoEngine", by_openvino)
    monkeypatch.setattr(choice, "graph_of", lambda *_: onnx.ModelProto().SerializeToString())
    monkeypatch.setattr(choice, "computes_bfloat16", lambda: bfloat16)
    monkeypatch.setattr(Network, "arrays", lambda *_: {})
    monkeypatch.setattr(Network, "load", lambda *_: nn.Conv2d(3, 3, 1))
    make_engine(name, network, Path("none"), device, Path("none"), precise=precise)
    assert made == [(name, FULL if expected is SHORT and not bfloat16 else expected)]
