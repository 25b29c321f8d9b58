"""Every degradation keeps a photo's shape, type and range, and is repeatable."""

from collections.abc import Callable

import numpy as np
import pytest

from training import degradations
from training.degradations import Degradation, Photo
from training.mix import MIX, sample

DEGRADATIONS: tuple[Degradation, ...] = (
    degradations.gaussian_blur,
    degradations.motion_blur,
    degradations.sensor_noise,
    degradations.grain,
    degradations.jpeg,
    degradations.webp,
    degradations.compress,
    degradations.halftone,
    degradations.paper_texture,
    *(damage.degrade for damage in MIX),
)


def a_photo(height: int = 48, width: int = 70) -> Photo:
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([rows * 4, columns * 3, 255 - rows - columns], axis=2)


@pytest.mark.parametrize("degrade", DEGRADATIONS)
@pytest.mark.parametrize("seed", range(6))
def test_keeps_shape_type_range_and_its_input(degrade: Degradation, seed: int) -> None:
    photo = a_photo()
    degraded = degrade(photo, np.random.default_rng(seed))
    assert degraded.shape == photo.shape
    assert degraded.dtype == np.float32
    assert degraded.min() >= 0
    assert degraded.max() <= 255
    np.testing.assert_array_equal(photo, a_photo())


@pytest.mark.parametrize("degrade", DEGRADATIONS)
def test_same_seed_same_photo(degrade: Degradation) -> None:
    once, again = (degrade(a_photo(), np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize("printing", [degradations.halftone, degradations.paper_texture])
def test_printing_keeps_the_tone(printing: Callable[[Photo, np.random.Generator], Photo]) -> None:
    flat = np.full((96, 96, 3), 128, np.float32)
    assert abs(float(printing(flat, np.random.default_rng(0)).mean()) - 128) < 3


def test_the_mix_adds_up_and_has_clean_and_grey_samples() -> None:
    assert sum(damage.share for damage in MIX) == pytest.approx(1)
    rng = np.random.default_rng(0)
    pairs = [sample(a_photo(), rng) for _ in range(200)]
    unchanged = sum(np.array_equal(degraded, clean) for degraded, clean in pairs)
    grey = sum(np.ptp(clean, axis=2).max() == 0 for _, clean in pairs)
    assert 8 <= unchanged <= 40
    assert 8 <= grey <= 40
