"""A folder of portraits to batches of crops, the same for the same seed and step."""

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

MARGIN_PX = 16  # cut off at each side after the damage, with what a filter or a codec does at a border


@dataclass(frozen=True)
class Crops:
    """`count` crops of `side` px, from photos made smaller to a side drawn in `photo_px`."""

    count: int = 8
    side: int = 160
    photo_px: tuple[float, float] = (320, 900)


@dataclass(frozen=True)
class Batch:
    """Float32 N3HW in 0..1 each."""

    degraded: Tensor
    whole: Tensor


def load(folder: Path, first: int, last: int, longest_px: int | None = None) -> list[RGBImage]:
    """The pictures numbered `first` to `last`, both meant (`NNN.jpg`), made smaller to `longest_px`."""
    numbered = {int(path.stem): path for path in folder.glob("*.jpg") if path.stem.isdigit()}
    return [_read(numbered[number], longest_px) for number in sorted(numbered) if first <= number <= last]


def _read(path: Path, longest_px: int | None) -> RGBImage:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{path} is no picture")
    factor = longest_px / max(image.shape[:2]) if longest_px else 1.0
    if factor < 1:
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image[..., ::-1]).astype(np.uint8, copy=False)


def crop(image: RGBImage, side: int, photo_px: tuple[float, float], rng: Generator) -> Photo:
    """A square of `side` px out of the image made smaller, float32, in half the cases mirrored.

    Made smaller to a side drawn evenly in the logarithm, so that faces of all sizes are seen, and never
    enlarged, since what is enlarged is not whole.
    """
    shortest = min(image.shape[:2])
    wanted = np.exp(rng.uniform(*np.log(photo_px)))
    cut = min(round(side * max(1.0, shortest / wanted)), shortest)
    top, left = (int(rng.integers(length - cut + 1)) for length in image.shape[:2])
    square = image[top : top + cut, left : left + cut].astype(np.float32)
    small = cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA)
    small = np.rint(small[:, ::-1] if rng.random() < 0.5 else small)
    return np.ascontiguousarray(small, np.float32)


def batch(images: Sequence[RGBImage], crops: Crops, rng: Generator) -> Batch:
    side = crops.side + 2 * MARGIN_PX
    inside = np.s_[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]
    pairs = []
    for _ in range(crops.count):
        whole = crop(images[int(rng.integers(len(images)))], side, crops.photo_px, rng)
        pairs.append(sample(whole, rng))
    degraded, whole_ones = (np.stack([each[inside] for each in side_]) for side_ in zip(*pairs, strict=True))
    return Batch(to_tensor(degraded), to_tensor(whole_ones))


def to_tensor(photos: NDArray[np.float32 | np.uint8]) -> Tensor:
    """NHW3 in 0..255 to float32 N3HW in 0..1, channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(photos)).float().div(255).permute(0, 3, 1, 2)


def batches(images: Sequence[RGBImage], crops: Crops, seed: int, first_step: int) -> Iterator[Batch]:
    """Batch after batch from `first_step` on, the next two made while one is used.

    Each step has a generator of its own, made of the seed and the step: going on at a step needs no state.
    """
    with ThreadPoolExecutor(1, "batches") as pool:

        def ask(step: int) -> Future[Batch]:
            return pool.submit(batch, images, crops, np.random.default_rng([seed, step]))

        waiting = [ask(first_step), ask(first_step + 1)]
        step = first_step + 2
        while True:
            ready = waiting.pop(0).result()
            waiting.append(ask(step))
            step += 1
            yield ready
