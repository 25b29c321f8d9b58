"""Restorers published as ONNX files: a tiny one, which inverts colours, from its file to a portrait."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from facecraft import catalogue
from facecraft.bootstrap import load
from facecraft.errors import LockInvalid
from facecraft.imaging import geometry
from facecraft.model import ImageModel
from facecraft.options import Options
from facecraft.restoration.engines.onnx import OnnxFileEngine
from facecraft.restoration.likeness import keep_colour
from facecraft.restoration.signature import Signature
from facecraft.settings import Settings
from facecraft.types import RGBImage
from facecraft.weights.lockfile import default_lock_path, load_lock
from tests.conftest import Encode
from tests.damages import noisy
from tests.devices import CPU
from tests.portraits import pixels

SIDE_PX = 64
SIGNATURE = Signature(side_px=SIDE_PX, black=-1)
INVERTER = ImageModel(name="inverter", signature=SIGNATURE, restorer=catalogue.square)
DEFAULT = ("centerface", "facemesh", "iris", "selfie-segmentation")

Shape = list[int | str]


def inverter(
    given: Shape, made: Shape | None = None, kind: int = TensorProto.FLOAT, node: str = "Neg"
) -> bytes:
    """An ONNX file of one node, with these declared shapes."""
    x = helper.make_tensor_value_info("input", kind, given)
    y = helper.make_tensor_value_info("output", kind, made or given)
    step = helper.make_node(node, ["input"], ["output"])
    if node == "ReduceMean":
        step.attribute.append(helper.make_attribute("axes", [2]))
    graph = helper.make_graph([step], "it", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


@pytest.fixture
def engine(tmp_path: Path) -> Callable[..., OnnxFileEngine]:
    def make(data: bytes, signature: Signature = SIGNATURE) -> OnnxFileEngine:
        (tmp_path / "model.onnx").write_bytes(data)
        return OnnxFileEngine(tmp_path / "model.onnx", signature, CPU)

    return make


@pytest.mark.parametrize("batch", [1, "n"])
def test_pixels_go_in_and_come_out_in_the_range_of_the_file(
    batch: int | str, engine: Callable[..., OnnxFileEngine]
) -> None:
    squares = np.random.default_rng().integers(0, 256, (3, SIDE_PX, SIDE_PX, 3), np.uint8)
    result = engine(inverter([batch, 3, SIDE_PX, SIDE_PX])).run(squares)
    assert result.dtype == np.uint8
    assert (result == 255 - squares).all()


@pytest.mark.parametrize(("black", "white"), [(0, 1), (0, 255), (-1, 1), (-0.5, 0.5)])
def test_levels_survive_any_range(black: float, white: float, engine: Callable[..., OnnxFileEngine]) -> None:
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    signature = Signature(side_px=16, black=black, white=white)
    data = inverter(["n", 3, "height", "width"], node="Identity")
    assert (engine(data, signature).run(levels) == levels).all()


def test_values_beyond_black_and_white_are_clipped(engine: Callable[..., OnnxFileEngine]) -> None:
    data = inverter([1, 3, SIDE_PX, SIDE_PX], node="Exp")  # from 1/e to e
    white = engine(data).run(np.full((1, SIDE_PX, SIDE_PX, 3), 255, np.uint8))
    assert (white == 255).all()


@pytest.mark.parametrize(
    "data",
    [
        inverter([1, 3, 32, 32]),
        inverter([1, SIDE_PX, SIDE_PX, 3]),
        inverter([2, 3, SIDE_PX, SIDE_PX]),
        inverter([3, SIDE_PX, SIDE_PX]),
        inverter([1, 3, SIDE_PX, SIDE_PX], kind=TensorProto.FLOAT16),
    ],
    ids=["another side", "channels last", "two at a time", "no batch", "float16"],
)
def test_a_file_with_another_input_is_refused(data: bytes, engine: Callable[..., OnnxFileEngine]) -> None:
    with pytest.raises(LockInvalid, match=r"model\.onnx takes .*, but must take N x 3 x 64 x 64 float32"):
        engine(data)


def test_a_file_with_another_output_is_refused_when_it_first_runs(
    engine: Callable[..., OnnxFileEngine],
) -> None:
    flat = engine(inverter(["n", 3, SIDE_PX, SIDE_PX], ["n", 3, 1, SIDE_PX], node="ReduceMean"))
    with pytest.raises(LockInvalid, match=r"model\.onnx returns \(1, 3, 1, 64\) for \(1, 3, 64, 64\)"):
        flat.run(np.zeros((1, SIDE_PX, SIDE_PX, 3), np.uint8))


@pytest.fixture
def published(
    tmp_path: Path, model_path: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, Path]:
    """A models folder and a models.lock with one more restorer, whose entry is in the catalogue."""
    for name in DEFAULT:
        path = model_path(name)
        (tmp_path / path.name).symlink_to(path)
    data = inverter([1, 3, SIDE_PX, SIDE_PX])
    (tmp_path / "inverter.onnx").write_bytes(data)
    entry = f"""
[models.inverter]
task = "restoration"
file = "inverter.onnx"
bytes = {len(data)}
sha256 = "{hashlib.sha256(data).hexdigest()}"
licence = {{ name = "MIT", spdx = "MIT", url = "https://example.org/licence", commercial_use = true }}
sets = ["own"]
sources = [{{ url = "https://example.org/inverter.onnx" }}]
"""
    lock = tmp_path / "models.lock"
    lock.write_text(default_lock_path().read_text() + entry)
    monkeypatch.setattr(catalogue, "IMAGE_MODELS", (INVERTER, *catalogue.IMAGE_MODELS))
    return {"models_dir": tmp_path, "models_lock": lock}


@pytest.mark.parametrize(("restorer", "cleaners"), [("auto", ["facecraft-clean"]), ("inverter", [])])
def test_a_published_restorer_needs_two_entries_only(
    restorer: str, cleaners: list[str], published: Mapping[str, Path], astronaut: RGBImage, png: Encode
) -> None:
    settings = Settings.model_validate({**published, "restorer": restorer, "device": "cpu"})
    runtime = load(settings, load_lock(published["models_lock"]))
    assert [model.name for model in runtime.models] == [*DEFAULT, *cleaners, "inverter"]
    assert runtime.growing == len(cleaners)
    photo = noisy(astronaut, 15)  # so that nothing of its detail is kept
    portrait = runtime.pipeline.process(png(photo), Options(restorer="inverter"))
    runtime.pipeline.close()
    assert (portrait.restored, portrait.restorer) == (1, "inverter")
    place = geometry.align(portrait.faces[0], SIDE_PX)
    before, after = (geometry.crop(view, place).image for view in (photo, pixels(portrait)))
    expected = 255 - before
    keep_colour(before, expected, SIDE_PX)
    middle = np.s_[SIDE_PX // 4 : -SIDE_PX // 4, SIDE_PX // 4 : -SIDE_PX // 4]
    assert np.abs(before[middle].astype(int) - expected[middle]).mean() > 30
    assert np.abs(after[middle].astype(int) - expected[middle]).mean() < 4
    assert (pixels(portrait)[-50:] == photo[-50:]).all()
