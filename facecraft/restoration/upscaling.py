"""Enlarge a whole image."""

import cv2
import numpy as np

from facecraft.cancellation import Cancellation
from facecraft.restoration.engines.base import Engine
from facecraft.restoration.tiles import Tiling
from facecraft.types import RGBImage

TILING = Tiling(tile_px=192, overlap_px=32, blend_px=16, step_px=2)


class Upscaler:
    """Enlarges an image of any size.

    Args:
        name: of the model, as in models.lock.
        engine: runs a network that enlarges `native` times and takes images with even sides.
        native: the network's own factor.
        factor: the requested factor. It divides `native`; each tile is averaged down.
    """

    def __init__(self, name: str, engine: Engine, native: int, factor: int) -> None:
        self.name = name
        self.factor = factor
        self._engine = engine
        self._shrink = native // factor

    def upscale(self, rgb: RGBImage, cancellation: Cancellation | None = None) -> RGBImage:
        """Enlarge an image.

        Args:
            rgb: (H, W, 3) uint8.
            cancellation: checked before each tile.

        Returns:
            (factor * H, factor * W, 3) uint8.

        Raises:
            DeadlineExceeded: it was cancelled.
        """
        return TILING.run(rgb, self.factor, self._enlarge, cancellation)

    def _enlarge(self, tile: RGBImage) -> RGBImage:
        large = self._engine.run(tile[None])[0]
        if self._shrink > 1:
            size = (tile.shape[1] * self.factor, tile.shape[0] * self.factor)
            large = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
        return np.asarray(large, np.uint8)
