"""The single degradations of a photo: blur, noise, compression, printing.

Each takes RGB float32 HW3 in 0..255 and a generator. It returns the same shape, dtype and range, and does not
change its input. Faded colours are not included: the network should not guess original colours.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.codecs import reencode

Photo = NDArray[np.float32]
Degradation = Callable[[Photo, Generator], Photo]

_DOWN = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA)
_UP = (cv2.INTER_LINEAR, cv2.INTER_CUBIC)
_BLOCK = 8  # px, JPEG's


def gaussian_blur(photo: Photo, rng: Generator) -> Photo:
    """Out of focus, in one of seven cases badly; in three of ten with a different strength for each axis."""
    sigma = rng.uniform(0.3, 2.6) if rng.random() < 6 / 7 else rng.uniform(2.6, 4.5)
    across = sigma if rng.random() < 0.7 else rng.uniform(0.3, 2.6)
    return _photo(cv2.GaussianBlur(photo, (0, 0), sigma, sigmaY=across))


def motion_blur(photo: Photo, rng: Generator) -> Photo:
    """A straight camera movement of 3 to 10 px in any direction."""
    size = int(rng.integers(3, 11)) | 1
    angle = rng.uniform(0, np.pi)
    reach = size / 2 * np.array([np.cos(angle), np.sin(angle)])
    middle = size // 2
    start, end = (np.rint(middle + sign * reach).astype(int).clip(0, size - 1).tolist() for sign in (-1, 1))
    kernel = cv2.line(np.zeros((size, size), np.float32), start, end, 1.0)
    return _photo(cv2.filter2D(photo, -1, kernel / kernel.sum()))


def blur(photo: Photo, rng: Generator) -> Photo:
    return motion_blur(photo, rng) if rng.random() < 0.15 else gaussian_blur(photo, rng)


def sensor_noise(photo: Photo, rng: Generator, most: float = 32) -> Photo:
    """Independent noise of each pixel: grey in one of four cases, stronger in bright areas in four of ten."""
    return _photo(photo + _noise(photo, rng, most) * _by_light(photo, rng))


def grain(photo: Photo, rng: Generator, most: float = 32) -> Photo:
    """Coarser noise, as of film, or after the smoothing of a phone."""
    # Smoothing weakens the noise by about this factor.
    clumps = cv2.GaussianBlur(_noise(photo, rng, most), (0, 0), rng.uniform(0.4, 1)) * 1.8
    return _photo(photo + clumps * _by_light(photo, rng))


def noise(photo: Photo, rng: Generator, most: float = 32) -> Photo:
    return grain(photo, rng, most) if rng.random() < 0.25 else sensor_noise(photo, rng, most)


def jpeg(photo: Photo, rng: Generator, lowest: float = 12, highest: float = 95) -> Photo:
    """Saved once as a JPEG, with a shifted grid of blocks, as after a crop."""
    top, left = (int(value) for value in rng.integers(0, _BLOCK, 2))
    shifted = _photo(cv2.copyMakeBorder(photo, top, 0, left, 0, cv2.BORDER_REFLECT_101))
    settings = [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(lowest, highest))]
    if rng.random() < 0.2:  # many cameras keep the full resolution of colours
        settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return _reencode(shifted, ".jpg", settings)[top:, left:]


def webp(photo: Photo, rng: Generator, lowest: float = 15, highest: float = 90) -> Photo:
    return _reencode(photo, ".webp", [cv2.IMWRITE_WEBP_QUALITY, int(rng.uniform(lowest, highest))])


def compress(photo: Photo, rng: Generator) -> Photo:
    """JPEG or, in one of twelve cases, WebP; in one of four cases a second JPEG after it."""
    once = webp(photo, rng) if rng.random() < 1 / 12 else jpeg(photo, rng)
    return jpeg(once, rng, 30, 95) if rng.random() < 0.25 else once


def shrink(photo: Photo, rng: Generator, inside: Degradation, most: float = 3.6) -> Photo:
    """Scale down up to `most` times, in one of seven cases further, apply `inside`, and scale up again."""
    height, width = photo.shape[:2]
    factor = rng.uniform(1.2, most) if rng.random() < 6 / 7 else rng.uniform(most, 1.7 * most)
    size = (max(8, int(width / factor)), max(8, int(height / factor)))
    small = _photo(cv2.resize(photo, size, interpolation=_DOWN[int(rng.integers(3))]))
    return _photo(cv2.resize(inside(small, rng), (width, height), interpolation=_UP[int(rng.integers(2))]))


def halftone(photo: Photo, rng: Generator) -> Photo:
    """Printed in dots and scanned: one screen for each ink, at the angles of offset printing."""
    height, width = photo.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    pitch = rng.uniform(2.2, 5)
    soft = rng.uniform(0.15, 0.5)  # softness of a dot's edge, as a share of the full tone
    dots = np.empty_like(photo)
    for channel, degrees in enumerate((15, 75, 45)):  # cyan, magenta, and yellow at the angle of black
        angle = np.deg2rad(degrees) + rng.uniform(-0.1, 0.1)
        along = columns * np.cos(angle) + rows * np.sin(angle)
        across = rows * np.cos(angle) - columns * np.sin(angle)
        screen = (2 + np.cos(2 * np.pi / pitch * along) + np.cos(2 * np.pi / pitch * across)) / 4
        dots[..., channel] = 255 * np.clip((photo[..., channel] / 255 - screen) / soft + 0.5, 0, 1)
    scanned = cv2.GaussianBlur(dots, (0, 0), pitch * rng.uniform(0.25, 0.45))
    strength = rng.uniform(0.4, 1)
    # Dots darken the middle tones. Printing and scanning correct this, so the tone is restored here.
    tone = cv2.GaussianBlur(photo, (0, 0), pitch) - cv2.GaussianBlur(scanned, (0, 0), pitch)
    return _photo(photo + (scanned + tone - photo) * strength)


def paper_texture(photo: Photo, rng: Generator) -> Photo:
    """Photographic paper with a structure, such as silk or linen: soft bumps, visible in a scan."""
    drawn = rng.standard_normal(photo.shape[:2], np.float32)
    bumps = cv2.GaussianBlur(drawn, (0, 0), rng.uniform(0.8, 2.4), sigmaY=rng.uniform(0.8, 2.4))
    if rng.random() < 0.5:  # a regular weave
        rows, columns = np.mgrid[: photo.shape[0], : photo.shape[1]].astype(np.float32)
        period = rng.uniform(3, 8)
        weave = np.sin(2 * np.pi / period * columns) + np.sin(2 * np.pi / period * rows)
        bumps = bumps + bumps.std() * weave
    return _photo(photo + (rng.uniform(2, 9) / bumps.std() * bumps)[..., None])


def grey(photo: Photo) -> Photo:
    """Remove the colours; the three channels become equal."""
    return _photo(np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2))


def _noise(photo: Photo, rng: Generator, most: float) -> Photo:
    """Normal noise, HW3, with a random strength up to `most`, exponential or uniform."""
    sigma = min(most, rng.exponential(most / 3)) if rng.random() < 0.5 else rng.uniform(1, most)
    channels = 1 if rng.random() < 0.25 else 3
    drawn = rng.standard_normal((*photo.shape[:2], channels), np.float32) * np.float32(sigma)
    return np.ascontiguousarray(np.broadcast_to(drawn, photo.shape))


def _by_light(photo: Photo, rng: Generator) -> Photo | float:
    """The factor of photon noise by brightness, or 1."""
    return np.sqrt(np.clip(photo, 8, 255) / 128) if rng.random() < 0.4 else 1.0


def _reencode(photo: Photo, extension: str, settings: list[int]) -> Photo:
    return reencode(np.rint(photo).astype(np.uint8), extension, settings).astype(np.float32)


def _photo(values: NDArray[Any]) -> Photo:
    """Clip to the range."""
    clipped: Photo = np.clip(values, 0, 255).astype(np.float32, copy=False)
    return clipped
