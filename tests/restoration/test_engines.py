"""Each engine against plain torch in float32, on fresh random inputs, one sample and several."""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from facecraft.restoration.engines import graphs
from facecraft.restoration.engines import torch as torch_engine
from facecraft.restoration.engines.base import Engine
from facecraft.restoration.engines.onnx import OnnxEngine
from facecraft.restoration.engines.torch import TorchEngine
from facecraft.restoration.nets.uint8_io import UInt8IO
from facecraft.restoration.signature import Signature
from facecraft.restoration.square import SquareRestorer
from facecraft.runtime.device import Device
from facecraft.types import FaceCrop, RGBImage
from tests.devices import CPU
from tests.restoration.conftest import NETWORKS, decisive

NAMES = ("gfpgan-1.4", "codeformer", "realesrgan-x4plus")
FP32, FP16 = 1e-3, 1e-2


def inputs_of(name: str, net: nn.Module, samples: int) -> tuple[Tensor, ...]:
    if name == "codeformer":
        return decisive(net, samples)
    if name == "realesrgan-x4plus":
        return (torch.rand(samples, 3, 40, 24),)
    return (torch.rand(samples, 3, 512, 512) * 2 - 1,)


def by_onnxruntime(net: nn.Module, inputs: tuple[Tensor, ...], *, any_side: bool = False) -> OnnxEngine:
    named = dict(zip(("x", "fidelity"), inputs, strict=False))
    axes = {"x": [0, 2, 3] if any_side else [0], "fidelity": [0]}
    graph = graphs.export(net, named, {name: axes[name] for name in named})
    return OnnxEngine(graph, net, CPU)


def by_torch(net: nn.Module, dtype: torch.dtype) -> TorchEngine:
    return TorchEngine(copy.deepcopy(net).to(dtype), CPU)


def apart(engine: Engine, inputs: tuple[Tensor, ...], reference: Tensor) -> float:
    result = engine.run(*(tensor.numpy() for tensor in inputs))
    assert result.shape == reference.shape
    return float(np.abs(result - reference.numpy()).max() / reference.abs().max())


@pytest.mark.parametrize("name", NAMES)
def test_each_engine_agrees_with_torch_on_one_sample_and_on_two(
    name: str, network_of: Callable[[str], nn.Module]
) -> None:
    net = network_of(name)
    inputs = inputs_of(name, net, 2)
    reference = net(*inputs)
    single = tuple(tensor[:1] for tensor in inputs)
    traced = tuple(tensor[:1, ..., :16, :16] if name.startswith("real") else tensor[:1] for tensor in inputs)
    for engine in (
        by_torch(net, torch.float32),
        by_onnxruntime(net, traced, any_side=name.startswith("real")),
    ):
        assert apart(engine, inputs, reference) < FP32, engine.name
        assert apart(engine, single, reference[:1]) < FP32, engine.name


def test_half_precision_stays_within_its_tolerance(rrdbnet: nn.Module) -> None:
    x = torch.rand(1, 3, 40, 24)
    assert apart(by_torch(rrdbnet, torch.float16), (x,), rrdbnet(x)) < FP16


def test_gfpgan_bears_weights_and_signals_in_half_precision(gfpgan: nn.Module) -> None:
    # A CPU takes minutes for it in float16: here each weight and each layer's output is rounded to that,
    # and sums are kept in float32, as on a GPU.
    net = copy.deepcopy(gfpgan).half().float()
    for module in net.modules():
        module.register_forward_hook(lambda _net, _args, result: result.half().float())
    x = torch.rand(1, 3, 512, 512) * 2 - 1
    reference = gfpgan(x)
    assert float((net(x) - reference).abs().max() / reference.abs().max()) < FP16


def test_real_weights_agree_between_engines(model_path: Callable[[str], Path], tmp_path: Path) -> None:
    network = NETWORKS["realesrgan-x4plus"]
    net = network.load(model_path("realesrgan-x4plus")).net
    assert isinstance(net, nn.Module)
    x = torch.rand(2, 3, 32, 48)
    reference = net(x)
    assert apart(by_onnxruntime(net, (x[:1, :, :16, :16],), any_side=True), (x,), reference) < FP32
    assert apart(by_torch(net, torch.float32), (x,), reference) < FP32
    assert apart(by_torch(net, torch.float16), (x,), reference) < FP16


def test_real_esrgan_in_bfloat16_is_as_good_as_the_same_picture(
    model_path: Callable[[str], Path], astronaut: RGBImage
) -> None:
    network = NETWORKS["realesrgan-x4plus"]
    precise, short = (network.load(model_path("realesrgan-x4plus")) for _ in range(2))
    assert network.architecture.to_bfloat16 is not None
    network.architecture.to_bfloat16(short)
    assert {each.dtype for each in short.state_dict().values()} == {torch.bfloat16, torch.float32}
    for pixels in (
        astronaut[100:164, 190:254],
        np.random.default_rng().integers(0, 256, (64, 64, 3), np.uint8),
    ):
        given = np.ascontiguousarray(pixels)[None]
        expected = TorchEngine(precise, CPU).run(given).astype(float)
        result = TorchEngine(short, CPU).run(given).astype(float)
        assert np.linalg.norm(result - expected) < FP16 * np.linalg.norm(expected)
        assert np.abs(result - expected).mean() < 1
        assert np.percentile(np.abs(result - expected), 99) <= 4


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


@pytest.fixture(scope="module")
def exported() -> Mapping[str, bytes]:
    return {
        name: graphs.export(network.blank(), network.inputs(), network.free_axes())
        for name, network in NETWORKS.items()
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_a_graph_names_every_weight_that_runs_and_holds_none(
    name: str, exported: Mapping[str, bytes]
) -> None:
    model = onnx.load_from_string(exported[name])
    declared = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    never_run = ("net.toRGB", "net.stylegan_decoder.style_mlp")
    weights = NETWORKS[name].blank().state_dict()
    expected = {key: tuple(each.shape) for key, each in weights.items() if not key.startswith(never_run)}
    assert declared == expected
    assert len(exported[name]) < 1_000_000
    assert [value.name for value in model.graph.input] == list(NETWORKS[name].inputs())


def test_a_graph_is_exported_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = NETWORKS["realesrgan-x4plus"]
    folder = tmp_path / "not" / "there"
    first = graphs.graph_of("realesrgan-x4plus", network, folder)
    monkeypatch.setattr(graphs, "export", None)
    assert graphs.graph_of("realesrgan-x4plus", network, folder) == first
    (kept,) = folder.iterdir()
    assert kept.name == f"realesrgan-x4plus-{graphs.source_key()}.onnx"


def test_a_folder_that_cannot_be_written_costs_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "export", lambda *_: b"graph")
    (tmp_path / "file").touch()
    graph = graphs.graph_of("realesrgan-x4plus", NETWORKS["realesrgan-x4plus"], tmp_path / "file")
    assert graph == b"graph"
    assert "cannot be saved" in caplog.text


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
        path = tmp_path / name
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
