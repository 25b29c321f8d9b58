"""How much better a damaged photo gets by default. The damages are seeded, so the numbers are fixed.

Two processors differ by less than 0.001 in SSIM (bfloat16 against float32); the margins are wider.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.pipeline.conftest import pixels

FACE = (slice(40, 200), slice(150, 310))  # of the astronaut


@dataclass(frozen=True)
class Damage:
    """Blur, scale down, add noise, save as JPEG, scale up again."""

    name: str
    gain: float
    scale: int = 1
    blur: float = 0
    sigma: float = 0
    quality: int = 95

    def apply(self, photo: RGBImage) -> RGBImage:
        size = (photo.shape[1], photo.shape[0])
        damaged = cv2.GaussianBlur(photo, (0, 0), self.blur) if self.blur else photo
        if self.scale > 1:
            small = (size[0] // self.scale, size[1] // self.scale)
            damaged = cv2.resize(damaged, small, interpolation=cv2.INTER_AREA)
        noise = np.random.default_rng(0).normal(0, self.sigma, damaged.shape)
        noisy = np.clip(damaged + noise, 0, 255).astype(np.uint8)
        _, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        saved = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        return np.asarray(cv2.resize(saved, size, interpolation=cv2.INTER_CUBIC), np.uint8)


DAMAGES = (
    Damage("noise 15, JPEG 50", 0.10, sigma=15, quality=50),
    Damage("half, blur 1, noise 8, JPEG 40", 0.04, 2, 1, 8, 40),
    Damage("third, blur 1, noise 6, JPEG 40", 0.035, 3, 1, 6, 40),
)


def ssim(clean: RGBImage, photo: RGBImage) -> float:
    return float(structural_similarity(clean, photo, channel_axis=2))  # type: ignore[no-untyped-call]


def restored(pipeline: Pipeline, photo: RGBImage, png: Encode, options: Options) -> RGBImage:
    return pixels(pipeline.process(png(photo), options).data)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_a_damaged_portrait_comes_closer_to_the_clean_one(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, damage: Damage
) -> None:
    damaged = damage.apply(astronaut)
    after = restored(pipeline, damaged, png, Options())
    assert ssim(astronaut[FACE], after[FACE]) - ssim(astronaut[FACE], damaged[FACE]) >= damage.gain


def test_a_photo_that_was_damaged_and_then_enlarged_gains_too(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    large = np.asarray(cv2.resize(astronaut, (1024, 1024), interpolation=cv2.INTER_CUBIC), np.uint8)
    damaged = Damage("", 0, scale=8, sigma=15, quality=50).apply(large)
    after = restored(pipeline, damaged, png, Options())
    face = tuple(slice(2 * part.start, 2 * part.stop) for part in FACE)
    # Cleaned at its own size, it gained 0.018.
    assert ssim(large[face], after[face]) - ssim(large[face], damaged[face]) >= 0.045


def test_every_face_of_a_noisy_group_gains(pipeline: Pipeline, group: RGBImage, png: Encode) -> None:
    damaged = DAMAGES[0].apply(group)
    after = restored(pipeline, damaged, png, Options())
    for face in pipeline.detect(png(group)).faces:
        x1, y1, x2, y2 = face.bbox.astype(int)
        part = np.s_[y1:y2, x1:x2]
        assert ssim(group[part], after[part]) - ssim(group[part], damaged[part]) >= 0.05


def test_a_good_photo_stays_as_it_is(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    assert (restored(pipeline, astronaut, png, Options()) == astronaut).all()


def test_even_if_it_is_cleaned_all_the_same_it_hardly_changes(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    after = restored(pipeline, astronaut, png, Options(when="always"))
    assert ssim(astronaut[FACE], after[FACE]) >= 0.99
