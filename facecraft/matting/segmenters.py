"""Models that separate a person from the background."""

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from facecraft.runtime.device import Device
from facecraft.runtime.litert import LiteRTInterpreter
from facecraft.runtime.onnx import make_session
from facecraft.types import Plane, RGBImage


class Segmenter(Protocol):
    """Separates a person from the background, coarsely. Safe to call from several threads."""

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

    def __init__(self, path: Path) -> None:
        self._interpreter = LiteRTInterpreter(path)
        self._side = self._interpreter.input_shape[1]

    def segment(self, image: RGBImage) -> Plane:
        small = cv2.resize(image, (self._side, self._side), interpolation=cv2.INTER_AREA)
        (plane,) = self._interpreter.run(np.asarray(small[None].astype(np.float32) / 255, np.float32))
        return np.asarray(plane[0, :, :, 0], np.float32)


class ModNet:
    """MODNet (Ke et al. 2022, arXiv:2011.11961), photographic portrait matting, in ONNX Runtime.

    Its input is RGB from -1 to 1. The sides are multiples of 32, and the shorter one is near 512, as in the
    authors' code.
    """

    side_px = 512

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
