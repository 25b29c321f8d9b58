"""Make batches of crops from a folder of portraits. The same seed and step make the same batch."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from training.degradations import Photo
from training.mix import sample

RGBImage = NDArray[np.uint8]

MARGIN_PX = 16  # cut off on each side after the damage, because filters and codecs differ at a border


@dataclass(frozen=True)
class Crops:
    """`count` crops of `side` px, from photos scaled down to a random side in the range `photo_px`."""

    count: int = 8
    side: int = 160
    photo_px: tuple[float, float] = (320, 900)


@dataclass(frozen=True)
class Batch:
    """Degraded photos and the clean originals, float32 N3HW in 0..1."""

    degraded: Tensor
    clean: Tensor


def load(folder: Path, first: int, last: int, longest_px: int | None = None) -> list[RGBImage]:
    """Load the pictures `NNN.jpg` from `first` to `last`, inclusive, scaled down to `longest_px`."""
    numbered = {int(path.stem): path for path in folder.glob("*.jpg") if path.stem.isdigit()}
    return [_read(numbered[number], longest_px) for number in sorted(numbered) if first <= number <= last]


def _read(path: Path, longest_px: int | None) -> RGBImage:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{path} is not a picture")
    factor = longest_px / max(image.shape[:2]) if longest_px else 1.0
    if factor < 1:
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image[..., ::-1]).astype(np.uint8, copy=False)


def crop(image: RGBImage, side: int, photo_px: tuple[float, float], rng: Generator) -> Photo:
    """Cut a square of `side` px, float32, out of the scaled-down image, and mirror half of the squares.

    The logarithm of the image's side is uniformly random, so that training has faces of all sizes. The image
    is never enlarged, because an enlarged image is not clean.
    """
    shortest = min(image.shape[:2])
    target = np.exp(rng.uniform(*np.log(photo_px)))
    cut = min(round(side * max(1.0, shortest / target)), shortest)
    top, left = (int(rng.integers(length - cut + 1)) for length in image.shape[:2])
    square = image[top : top + cut, left : left + cut].astype(np.float32)
    small = cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)
    small = np.rint(small[:, ::-1] if rng.random() < 0.5 else small)
    return np.ascontiguousarray(small, np.float32)


def batch(images: Sequence[RGBImage], crops: Crops, rng: Generator) -> Batch:
    """Make one batch of random crops."""
    side = crops.side + 2 * MARGIN_PX
    inside = np.s_[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]
    pairs = []
    for _ in range(crops.count):
        clean = crop(images[int(rng.integers(len(images)))], side, crops.photo_px, rng)
        pairs.append(sample(clean, rng))
    degraded, clean_crops = (np.stack([each[inside] for each in side_]) for side_ in zip(*pairs, strict=True))
    return Batch(to_tensor(degraded), to_tensor(clean_crops))


def to_tensor(photos: NDArray[np.float32 | np.uint8]) -> Tensor:
    """Convert NHW3 in 0..255 to float32 N3HW in 0..1, with channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(photos)).float().div(255).permute(0, 3, 1, 2)


def batches(images: Sequence[RGBImage], crops: Crops, seed: int, first_step: int) -> Iterator[Batch]:
    """Yield batches from `first_step` on. The next two are made in the background.

    Each step has its own generator, from the seed and the step, so a run can continue at any step.
    """
    with ThreadPoolExecutor(1, "batches") as pool:

        def submit(step: int) -> Future[Batch]:
            return pool.submit(batch, images, crops, np.random.default_rng([seed, step]))

        waiting = [submit(first_step), submit(first_step + 1)]
        step = first_step + 2
        while True:
            ready = waiting.pop(0).result()
            waiting.append(submit(step))
            step += 1
            yield ready
