"""Real-ESRGAN x4plus (Wang et al. 2021, arXiv:2107.10833) as a restorer of faces."""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from facecraft.restoration.engines.base import Engine
from facecraft.types import FaceCrop, RGBImage


class RealESRGAN:
    """A Restorer that enlarges a smaller version of the face four times.

    Args:
        name: of the model, as in models.lock.
        engine: runs a network that enlarges four times and takes squares of any side.
    """

    face_size_px = 512
    takes_fidelity = False

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self._engine = engine

    def input_side_px(self, source_px: float) -> int:
        return input_side_px(source_px)

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:  # noqa: ARG002
        sides = [input_side_px(crop.source_px) for crop in crops]
        restored: dict[int, RGBImage] = {}
        for side in sorted(set(sides)):
            same = [index for index, each in enumerate(sides) if each == side]
            enlarged = self._engine.run(np.stack([_shrink(crops[index].image, side) for index in same]))
            restored |= zip(same, map(self._to_square, enlarged), strict=True)
        return [restored[index] for index in range(len(crops))]

    def _to_square(self, enlarged: RGBImage) -> RGBImage:
        side = self.face_size_px
        if enlarged.shape[0] == side:
            return enlarged
        # Pillow's bicubic filter averages when it shrinks; OpenCV's does not.
        return np.asarray(Image.fromarray(enlarged).resize((side, side), Image.Resampling.BICUBIC))


def _shrink(image: RGBImage, side: int) -> RGBImage:
    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def input_side_px(source_px: float) -> int:
    """Choose the side of the network's input by the pixels a side that have detail.

    The network enlarges four times and treats everything in its input as detail: a larger input is soft, and
    so is the result; a much smaller one has lost detail. Above 192 it takes long and gains nothing.
    """
    return min(max(round(source_px / 8) * 8, 48), 192)
