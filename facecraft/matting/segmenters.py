"""Models that separate a person from the background."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from facecraft.runtime.device import Device
from facecraft.runtime.litert import LiteRTInterpreter
from facecraft.runtime.onnx import make_session
from facecraft.types import Plane, RGBImage


@dataclass(frozen=True, slots=True)
class Look:
    """One of the ways to see a portrait.

    Attributes:
        air: width of what is seen, in widths of the portrait; likewise its height.
        mirrored: whether left and right are swapped.
    """

    air: float
    mirrored: bool = False


class Segmenter(Protocol):
    """Separates a person from the background, coarsely. Safe to call from several threads.

    Attributes:
        side_px: of the picture that it sees.
        looks: those whose mean is better than any of them.
    """

    side_px: int
    looks: tuple[Look, ...]

    def segment(self, image: RGBImage) -> Plane:
        """Estimate how likely each pixel belongs to a person.

        Args:
            image: (H, W, 3) uint8, RGB.

        Returns:
            (h, w) float32, 0 to 1, over the whole image; h and w depend on the model.
        """
        ...


class SelfieSegmentation:
    """MediaPipe's selfie segmentation, general model, in LiteRT: 256 px, under 4 ms on one core."""

    # It was made for people with room around them. Three looks are as good as six.
    looks: tuple[Look, ...] = (Look(1.3), Look(1.6, mirrored=True), Look(2.2))

    def __init__(self, path: Path) -> None:
        self._interpreter = LiteRTInterpreter(path)
        self.side_px = self._interpreter.input_shape[1]

    def segment(self, image: RGBImage) -> Plane:
        small = cv2.resize(image, (self.side_px, self.side_px), interpolation=cv2.INTER_AREA)
        (plane,) = self._interpreter.run(np.asarray(small[None].astype(np.float32) / 255, np.float32))
        return np.asarray(plane[0, :, :, 0], np.float32)


class ModNet:
    """MODNet (Ke et al. 2022, arXiv:2011.11961), photographic portrait matting, in ONNX Runtime.

    Its input is RGB from -1 to 1. The sides are multiples of 32, and the shorter one is near 512, as in the
    authors' code.
    """

    side_px = 512
    looks: tuple[Look, ...] = (Look(1.3),)

    def __init__(self, path: Path, device: Device) -> None:
        self._session = make_session(path, device)
        self._input = self._session.get_inputs()[0].name

    def segment(self, image: RGBImage) -> Plane:
        height, width = image.shape[:2]
        scale = self.side_px / min(height, width)
        longest = 2 * self.side_px  # or a panorama would be thousands of pixels wide
        sides = [min(longest, max(32, round(side * scale / 32) * 32)) for side in (width, height)]
        small = cv2.resize(image, sides, interpolation=cv2.INTER_AREA)
        pixels = (small.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
        (plane,) = self._session.run(None, {self._input: np.ascontiguousarray(pixels)})
        return np.asarray(plane[0, 0], np.float32)
