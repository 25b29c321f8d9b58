"""Each engine against plain torch in float32, on fresh random inputs, one sample and several."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facecraft.restoration.engines import torch as torch_engine
from facecraft.restoration.engines.base import Engine
from facecraft.restoration.engines.export import export
from facecraft.restoration.engines.graphs import graph_of, weights_of
from facecraft.restoration.engines.onnx import OnnxEngine
from facecraft.restoration.engines.openvino import OpenVinoEngine
from facecraft.restoration.engines.torch import TorchEngine
from facecraft.restoration.nets.uint8_io import UInt8IO
from facecraft.restoration.signature import Signature
from facecraft.restoration.square import SquareRestorer
from facecraft.runtime.device import Device, computes_bfloat16
from facecraft.types import FaceCrop, RGBImage
from facecraft.weights.store import default_graphs_dir
from tests.devices import CPU
from tests.restoration.conftest import NETWORKS, decisive

NAMES = ("gfpgan-1.4", "codeformer", "realesrgan-x4plus")
FP32, FP16, BF16 = 1e-3, 1e-2, 2e-2


def inputs_of(name: str, net: nn.Module, samples: int) -> tuple[Tensor, ...]:
    if name == "codeformer":
        return decisive(net, samples)
    if name == "realesrgan-x4plus":
        return (torch.rand(samples, 3, 40, 24),)
    return (torch.rand(samples, 3, 512, 512) * 2 - 1,)


def by_torch(net: nn.Module, dtype: torch.dtype) -> TorchEngine:
    return TorchEngine(copy.deepcopy(net).to(dtype), CPU)


def exported(net: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[bytes, Mapping[str, NDArray[np.float32]]]:
    """Trace the first sample of the inputs. Sides are free where the network takes any."""
    free = len(inputs[0][0, 0]) < 512
    first = tuple(tensor[:1, ..., :16, :16] if free else tensor[:1] for tensor in inputs)
    named = dict(zip(("x", "fidelity"), first, strict=False))
    axes = {"x": [0, 2, 3] if free else [0], "fidelity": [0]}
    graph = export(net, named, {name: axes[name] for name in named})
    tensors = net.state_dict()
    return graph, {name: tensors[name].numpy() for name in weights_of(graph)}


def apart(engine: Engine, inputs: tuple[Tensor, ...], reference: Tensor) -> float:
    result = engine.run(*(tensor.numpy() for tensor in inputs))
    assert result.shape == reference.shape
    return float(np.abs(result - reference.numpy()).max() / reference.abs().max())


@dataclass(frozen=True)
class Case:
    """A network with random weights, two random samples, and what plain torch makes of them."""

    net: nn.Module
    inputs: tuple[Tensor, ...]
    expected: Tensor


@pytest.fixture(scope="module")
def case_of(network_of: Callable[[str], nn.Module]) -> Callable[[str], Case]:
    @cache
    def made(name: str) -> Case:
        net = network_of(name)
        inputs = inputs_of(name, net, 2)
        return Case(net, inputs, net(*inputs))

    return made


@pytest.mark.parametrize("name", NAMES)
def test_engines_of_graphs_agree_with_torch_on_one_sample_and_on_two(
    name: str, case_of: Callable[[str], Case]
) -> None:
    case = case_of(name)
    net, inputs, reference = case.net, case.inputs, case.expected
    graph, weights = exported(net, inputs)
    for engine in (
        OnnxEngine(graph, weights, CPU),
        OpenVinoEngine(graph, weights, CPU, bfloat16=False),
    ):
        assert apart(engine, inputs, reference) < FP32, engine.name
        single = tuple(tensor[:1] for tensor in inputs)
        assert apart(engine, single, reference[:1]) < FP32, engine.name


def test_the_engine_of_torch_changes_nothing_but_the_type(case_of: Callable[[str], Case]) -> None:
    case = case_of("realesrgan-x4plus")
    assert apart(by_torch(case.net, torch.float32), case.inputs, case.expected) < FP32
    assert apart(by_torch(case.net, torch.float16), case.inputs, case.expected) < FP16


def test_gfpgan_bears_weights_and_signals_in_half_precision(case_of: Callable[[str], Case]) -> None:
    # A CPU takes minutes for it in float16: here each weight and each layer's output is rounded to that,
    # and sums are kept in float32, as on a GPU.
    case = case_of("gfpgan-1.4")
    net = copy.deepcopy(case.net).half().float()
    for module in net.modules():
        module.register_forward_hook(lambda _net, _args, result: result.half().float())
    x, expected = case.inputs[0][:1], case.expected[:1]
    assert float((net(x) - expected).abs().max() / expected.abs().max()) < FP16


def test_gfpgan_bears_bfloat16(case_of: Callable[[str], Case]) -> None:
    case = case_of("gfpgan-1.4")
    x, expected = case.inputs[0][:1], case.expected[:1].numpy()
    result = OpenVinoEngine(*exported(case.net, (x,)), CPU, bfloat16=True).run(x.numpy())
    assert np.linalg.norm(result - expected) < BF16 * np.linalg.norm(expected)


class Real:
    """The engines of a model of the default set, with its real weights."""

    def __init__(self, name: str, path: Path) -> None:
        network = NETWORKS[name]
        graph = graph_of(network, default_graphs_dir())
        weights = network.arrays(path, weights_of(graph))
        self.torch = TorchEngine(network.load(path), CPU)
        self.onnxruntime = OnnxEngine(graph, weights, CPU)
        self.openvino = OpenVinoEngine(graph, weights, CPU, bfloat16=False)
        self.short = OpenVinoEngine(graph, weights, CPU, bfloat16=True)


@pytest.fixture(scope="module", params=["facecraft-clean", "realesrgan-x4plus"])
def real(request: pytest.FixtureRequest, model_path: Callable[[str], Path]) -> Real:
    return Real(request.param, model_path(request.param))


@pytest.fixture(scope="module")
def pictures(astronaut: RGBImage) -> RGBImage:
    """A face and noise, 80 x 64."""
    noise = np.random.default_rng(0).integers(0, 256, (80, 64, 3), np.uint8)
    return np.stack([astronaut[100:180, 190:254], noise])


def test_real_weights_give_the_same_picture_in_every_engine(real: Real, pictures: RGBImage) -> None:
    expected = real.torch.run(pictures).astype(int)
    for engine in (real.onnxruntime, real.openvino):
        assert np.abs(engine.run(pictures) - expected).max() <= 1, engine.name


def test_bfloat16_is_as_good_as_the_same_picture(real: Real, pictures: RGBImage) -> None:
    """docs/performance.md has the numbers."""
    levels = np.abs(real.short.run(pictures).astype(float) - real.openvino.run(pictures))
    assert levels.mean() < 0.6
    assert np.sqrt((levels**2).mean()) < 1
    assert levels.max() <= 12
    assert levels.any() == computes_bfloat16()


def test_openvino_gives_the_same_bytes_whatever_it_ran_before(real: Real, pictures: RGBImage) -> None:
    first = real.short.run(pictures)
    narrow = real.short.run(pictures[:1, :, 16:])  # not contiguous, and another shape
    assert (real.short.run(np.ascontiguousarray(pictures[:1, :, 16:])) == narrow).all()
    assert (real.short.run(pictures) == first).all()


@pytest.mark.parametrize(("black", "white"), [(0, 1), (-1, 1), (0, 255)])
def test_pixels_go_in_and_come_out_as_they_are(black: float, white: float) -> None:
    pixels = torch.arange(256, dtype=torch.uint8).repeat(3).reshape(1, 16, 16, 3)
    net = nn.Conv2d(3, 3, 1, bias=False)
    with torch.no_grad():
        net.weight.copy_(torch.eye(3)[:, :, None, None])
    signature = Signature(side_px=16, black=black, white=white)
    for dtype in (torch.float32, torch.float16):
        assert torch.equal(UInt8IO(net.to(dtype), signature)(pixels), pixels)


def test_pixels_beyond_black_and_white_are_cut() -> None:
    net = nn.Conv2d(3, 3, 1, bias=False)
    with torch.no_grad():
        net.weight.copy_(2 * torch.eye(3)[:, :, None, None])
    pixels = torch.tensor([0, 100, 200], dtype=torch.uint8).reshape(1, 1, 1, 3)
    assert UInt8IO(net, Signature(side_px=1, black=0))(pixels).flatten().tolist() == [0, 200, 255]
    # Twice the distance from grey.
    assert UInt8IO(net, Signature(side_px=1, black=-1))(pixels).flatten().tolist() == [0, 73, 255]


def crop(seed: int) -> FaceCrop:
    pixels = np.random.default_rng(seed).integers(0, 256, (512, 512, 3), np.uint8)
    return FaceCrop(pixels, source_px=200)


class Halves:
    """An engine that halves pixels, and says what it was given."""

    name = "halves"

    def __init__(self) -> None:
        self.calls: list[tuple[np.ndarray, ...]] = []

    def run(self, *inputs: np.ndarray) -> RGBImage:
        self.calls.append(inputs)
        return np.asarray(inputs[0] // 2, np.uint8)


def test_squares_are_all_restored_in_one_run() -> None:
    engine = Halves()
    restorer = SquareRestorer("halves", engine, Signature(side_px=512, black=0))
    faces = [crop(0), crop(1)]
    restored = restorer.restore(faces, [0.5, 0.5])
    assert len(engine.calls) == 1
    assert all((after == face.image // 2).all() for after, face in zip(restored, faces, strict=True))
    assert restorer.restore([], []) == []
    assert not restorer.takes_fidelity


def test_each_square_gets_its_own_fidelity() -> None:
    engine = Halves()
    restorer = SquareRestorer("halves", engine, Signature(side_px=512, black=-1, takes=("fidelity",)))
    assert restorer.takes_fidelity
    assert len(restorer.restore([crop(0), crop(1)], [0.25, 1])) == 2
    pixels, fidelity = engine.calls[0]
    assert pixels.shape == (2, 512, 512, 3)
    assert fidelity.dtype == np.float32
    assert fidelity.tolist() == [0.25, 1]
    assert restorer.restore([], []) == []


class Recorded:
    """In place of kernels captured on a GPU."""

    def __init__(self, net: nn.Module, tensors: tuple[Tensor, ...]) -> None:
        self.shape = tensors[0].shape
        self._net = net

    def replay(self, tensors: tuple[Tensor, ...]) -> Tensor:
        assert tensors[0].shape == self.shape
        return Tensor(self._net(*tensors))


def test_on_a_gpu_a_shape_is_captured_when_it_comes_again_and_the_one_least_used_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    captured: list[int] = []

    def capture(net: nn.Module, tensors: tuple[Tensor, ...], _stream: object) -> Recorded:
        captured.append(tensors[0].shape[0])
        return Recorded(net, tensors)

    monkeypatch.setattr(torch_engine, "capture", capture)
    monkeypatch.setattr(torch_engine, "MAX_GRAPHS", 2)
    monkeypatch.setattr(torch_engine.CaptureStream, "make", lambda: None)
    monkeypatch.setattr(Tensor, "to", lambda self, *_: self)
    engine = TorchEngine(nn.Identity(), CPU)
    engine._kind = "cuda"
    for samples in (1, 2, 1, 3, 1, 2, 4, 1, 2):
        x = np.random.default_rng().random((samples, 3), np.float32)
        assert (engine.run(x) == x).all()
    # The first of a shape runs as it is; three are padded to four, so that the next four are its second time.
    assert captured == [1, 2, 4, 1, 2]


def test_published_weights_load_into_the_restorers(
    gfpgan: nn.Module, codeformer: nn.Module, tmp_path: Path
) -> None:
    for name, net in (("gfpgan-1.4", gfpgan), ("codeformer", codeformer)):
        path = tmp_path / f"{name}.pth"
        torch.save({"params_ema": net.state_dict()}, path)
        loaded = NETWORKS[name].load(path)
        for key, tensor in net.state_dict().items():
            assert torch.equal(loaded.state_dict()[f"net.{key}"], tensor)
        assert not any(each.requires_grad for each in loaded.parameters())
        path.unlink()


def test_engines_of_one_device_run_one_at_a_time() -> None:
    device = Device("cpu", "cpu", 2, ("CPUExecutionProvider",))
    running: list[int] = []
    most: list[int] = []

    class Counting(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            running.append(1)
            most.append(len(running))
            y = x.cos().sin()
            running.pop()
            return y

    engines = [TorchEngine(Counting(), device) for _ in range(2)]
    x = np.ones((1, 300, 300), np.float32)
    threads = [Thread(target=lambda e=each: [e.run(x) for _ in range(20)]) for each in engines * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(most) == 80
