"""Known damages of a picture. They are seeded, so that each run has the same ones."""

import io

import cv2
import numpy as np
from PIL import Image

from facecraft.types import RGBImage


def noisy(picture: RGBImage, sigma: float) -> RGBImage:
    """Independent noise in each channel; `sigma` in levels."""
    noise = np.random.default_rng(0).normal(0, sigma, picture.shape)
    return np.asarray(np.clip(np.rint(picture + noise), 0, 255), np.uint8)


def blurred(picture: RGBImage, sigma: float) -> RGBImage:
    """A Gaussian blur; `sigma` in pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def jpeg_file(picture: RGBImage, quality: int) -> bytes:
    """The file of a JPEG with libjpeg's tables."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def compressed(picture: RGBImage, quality: int) -> RGBImage:
    """What a JPEG leaves of it."""
    return np.asarray(Image.open(io.BytesIO(jpeg_file(picture, quality))))
