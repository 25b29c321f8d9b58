"""Crops and batches: their sizes, and the same batch for the same seed and step."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training.data import Crops, batches, crop, load


def some_images() -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (size, 150, 3), np.uint8) for size in (140, 160)]


def test_a_run_continued_at_a_step_gets_the_same_batches() -> None:
    crops = Crops(2, 32)
    full_run = list(islice(batches(some_images(), crops, 1, 0), 4))
    second_half = list(islice(batches(some_images(), crops, 1, 2), 2))
    for one, other in zip(full_run[2:], second_half, strict=True):
        assert torch.equal(one.degraded, other.degraded)
        assert torch.equal(one.clean, other.clean)
    assert full_run[0].clean.shape == (2, 3, 32, 32)
    assert not torch.equal(full_run[0].clean, full_run[1].clean)


@pytest.mark.parametrize("side", [32, 96, 300])
def test_a_crop_is_never_enlarged_beyond_need(side: int) -> None:
    image = some_images()[0]
    square = crop(image, side, (100, 400), np.random.default_rng(0))
    assert square.shape == (side, side, 3)
    assert square.dtype == np.float32


def test_loads_by_number_and_makes_smaller(tmp_path: Path) -> None:
    for number in (3, 4, 5):
        cv2.imwrite(str(tmp_path / f"{number:03d}.jpg"), np.full((40, 80, 3), (0, 0, 10 * number), np.uint8))
    images = load(tmp_path, 4, 9, longest_px=40)
    assert [image.shape for image in images] == [(20, 40, 3)] * 2
    assert [round(float(image[..., 0].mean()), -1) for image in images] == [40, 50]  # RGB
