from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from facecraft.matting.segmenters import ModNet, SelfieSegmentation
from facecraft.types import RGBImage
from tests.devices import CPU


@pytest.fixture(scope="module")
def selfie(model_path: Callable[[str], Path]) -> SelfieSegmentation:
    return SelfieSegmentation(model_path("selfie-segmentation"))


@pytest.fixture(scope="module")
def modnet(tmp_path_factory: pytest.TempPathFactory) -> ModNet:
    """A stand-in with MODNet's inputs and outputs, whose matte is the mean of the channels it is given."""
    pixels = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, "height", "width"])
    matte = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, "height", "width"])
    mean = helper.make_node("ReduceMean", ["input", "axes"], ["output"], keepdims=1)
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    graph = helper.make_graph([mean], "stand-in", [pixels], [matte], [axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path = tmp_path_factory.mktemp("modnet") / "modnet.onnx"
    onnx.save(model, path)
    return ModNet(path, CPU)


def test_the_person_is_told_from_the_background(selfie: SelfieSegmentation, astronaut: RGBImage) -> None:
    plane = selfie.segment(astronaut)
    assert plane.shape == (256, 256)
    assert plane.dtype == np.float32
    assert plane[65, 112] > 0.95  # the face
    assert plane[10, 150] < 0.05  # the wall
    assert 0 <= plane.min() <= plane.max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (40, 2000), (2000, 40)], ids=str)
def test_pictures_of_any_shape_are_segmented(selfie: SelfieSegmentation, shape: tuple[int, int]) -> None:
    assert selfie.segment(np.full((*shape, 3), 128, np.uint8)).shape == (256, 256)


@pytest.mark.parametrize(
    ("shape", "plane"),
    [((600, 400), (768, 512)), ((100, 100), (512, 512)), ((30, 4000), (512, 1024))],
)
def test_modnet_gets_multiples_of_32_pixels_from_minus_one_to_one(
    modnet: ModNet, shape: tuple[int, int], plane: tuple[int, int]
) -> None:
    for level, expected in ((0, -1), (255, 1)):
        found = modnet.segment(np.full((*shape, 3), level, np.uint8))
        assert found.shape == plane
        assert found.dtype == np.float32
        assert found == pytest.approx(expected, abs=1e-6)
