"""Measure a cleaned photo: SSIM, PSNR and GMSD to the clean original, for a fixed set of damages."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log10

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from training.codecs import reencode
from training.data import RGBImage

Clean = Callable[[RGBImage], RGBImage]


@dataclass(frozen=True)
class Damage:
    """Blur, scale down by `scale`, add noise, save as JPEG, scale up again. 0 omits a step."""

    name: str
    scale: int = 1
    blur: float = 0
    sigma: float = 0
    quality: int = 0


DAMAGES = (
    Damage("noise 20, JPEG 60", sigma=20, quality=60),
    Damage("blur 1, noise 15, JPEG 50", blur=1, sigma=15, quality=50),
    Damage("JPEG 25", quality=25),
    Damage("half, blur 1, noise 8, JPEG 40", 2, 1, 8, 40),
    Damage("third, blur 1, noise 6, JPEG 40", 3, 1, 6, 40),
    Damage("blur 2", blur=2, sigma=1, quality=95),
    Damage("clean"),
)


@dataclass(frozen=True)
class Scores:
    """Higher SSIM and PSNR are better, and lower GMSD."""

    ssim: float
    psnr: float
    gmsd: float


def damage(photo: RGBImage, how: Damage, seed: int) -> RGBImage:
    rng = np.random.default_rng(seed)
    size = photo.shape[1::-1]
    damaged = cv2.GaussianBlur(photo, (0, 0), how.blur) if how.blur else photo
    if how.scale != 1:
        factor = 1 / how.scale
        damaged = cv2.resize(damaged, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    damaged = (damaged + rng.normal(0, how.sigma, damaged.shape)).clip(0, 255).astype(np.uint8)
    if how.quality:
        damaged = reencode(damaged, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, how.quality])
    if how.scale != 1:
        damaged = cv2.resize(damaged, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    return np.ascontiguousarray(damaged)


def score(photo: RGBImage, clean: RGBImage) -> Scores:
    ssim = float(structural_similarity(clean, photo, channel_axis=2))  # type: ignore[no-untyped-call]
    return Scores(ssim, psnr(photo, clean), gmsd(photo, clean))


def psnr(photo: RGBImage, clean: RGBImage) -> float:
    error = float(np.mean((photo.astype(np.float64) - clean) ** 2))
    return 20 * log10(255) - 10 * log10(error) if error else inf


def gmsd(photo: RGBImage, clean: RGBImage) -> float:
    """Gradient magnitude similarity deviation (Xue et al. 2014), of the luma at half size."""
    a, b = _magnitude(photo), _magnitude(clean)
    return float(((2 * a * b + 170) / (a**2 + b**2 + 170)).std())


def around_head(photo: RGBImage) -> RGBImage:
    """The box around the head in official portraits."""
    height, width = photo.shape[:2]
    rows = slice(int(0.15 * height), int(0.75 * height))
    return photo[rows, int(0.2 * width) : int(0.8 * width)]


def _magnitude(photo: RGBImage) -> NDArray[np.float32]:
    grey = cv2.cvtColor(np.ascontiguousarray(photo), cv2.COLOR_RGB2GRAY).astype(np.float32)
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    kernel = np.array([[1, 0, -1]] * 3, np.float32) / 3
    across, down = (cv2.filter2D(half, -1, each) for each in (kernel, kernel.T))
    return np.hypot(across, down).astype(np.float32)
