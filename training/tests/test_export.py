"""Exported weights do the same as the trained network."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch

from facecraft.restoration.nets.cleaner import Cleaner, Shape
from training import average, export, weights
from training.quality import DAMAGES, Damage, damage, gmsd, psnr, score


@pytest.fixture
def net() -> Cleaner:
    torch.manual_seed(0)
    cleaner = Cleaner(Shape((8, 12), (1, 1), (1,)))
    for value in cleaner.parameters():
        torch.nn.init.normal_(value, std=0.05)
    return cleaner.eval()


def test_safetensors_come_back_rounded(net: Cleaner, tmp_path: Path) -> None:
    path = tmp_path / "cleaner.safetensors"
    weights.save(net, path)
    read = weights.load(path)
    assert read.shape == net.shape
    for name, value in net.state_dict().items():
        assert torch.equal(read.state_dict()[name], value.half().float())


def test_onnx_does_the_same_at_any_size(net: Cleaner, tmp_path: Path) -> None:
    path, onnx_path = tmp_path / "cleaner.safetensors", tmp_path / "cleaner.onnx"
    weights.save(net, path)
    export.main([str(path), str(onnx_path)])
    session = ort.InferenceSession(onnx_path, providers=["CPUExecutionProvider"])
    photo = torch.rand(2, 3, 20, 32)
    with torch.inference_mode():
        expected = weights.load(path)(photo).numpy()
    np.testing.assert_allclose(session.run(None, {"photo": photo.numpy()})[0], expected, atol=1e-4)


def test_measures() -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (60, 80, 3), np.uint8)
    same = score(photo, photo)
    assert (same.ssim, same.psnr, same.gmsd) == (1, float("inf"), 0)
    assert psnr(np.zeros_like(photo), np.full_like(photo, 255)) == pytest.approx(0)
    assert gmsd(np.zeros_like(photo), photo) > 0.1


@pytest.mark.parametrize("how", DAMAGES, ids=lambda how: how.name)
def test_damages_are_the_same_for_the_same_seed(how: Damage) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (61, 83, 3), np.uint8)
    once, again = (damage(photo, how, 5) for _ in range(2))
    assert once.shape == photo.shape
    np.testing.assert_array_equal(once, again)


def test_an_average_lies_between_two_networks(net: Cleaner, tmp_path: Path) -> None:
    first, second, averaged = (tmp_path / f"{name}.safetensors" for name in ("first", "second", "averaged"))
    weights.save(net, first)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    for value in net.parameters():
        torch.nn.init.normal_(value, std=0.05)
    weights.save(net, second)
    average.main([str(first), str(second), str(averaged), "--share", "0.8"])
    found = weights.load(averaged).state_dict()
    for name, value in net.state_dict().items():
        assert torch.allclose(found[name], 0.8 * before[name] + 0.2 * value, atol=1e-3)
