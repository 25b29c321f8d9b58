"""Clean a whole photo: remove noise, compression artefacts and blur."""

import cv2
import numpy as np

from facecraft.cancellation import Cancellation
from facecraft.imaging import geometry
from facecraft.restoration.engines.base import Engine
from facecraft.restoration.tiles import Tiling
from facecraft.types import RGBImage

TILING = Tiling(tile_px=1088, overlap_px=96, blend_px=32, step_px=16)


class Cleaner:
    """Cleans a photo of any size.

    Args:
        name: of the model, as in models.lock.
        engine: runs a network that takes images with sides in multiples of 16 and keeps their size.
    """

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self._engine = engine

    def clean(
        self, rgb: RGBImage, cancellation: Cancellation | None = None, enlargement: float = 1
    ) -> RGBImage:
        """Clean a photo at its own size, or at a smaller one if it was enlarged.

        Args:
            rgb: (H, W, 3) uint8.
            cancellation: checked before each tile.
            enlargement: 1 or more. The photo is scaled down by it, cleaned, and scaled up again.

        Returns:
            (H, W, 3) uint8.

        Raises:
            DeadlineExceeded: it was cancelled.
        """
        if enlargement == 1:
            return TILING.run(rgb, 1, self._clean, cancellation)
        size = rgb.shape[1::-1]
        source = geometry.shrink(rgb, max(size) / enlargement)
        cleaned = TILING.run(source, 1, self._clean, cancellation)
        return np.asarray(cv2.resize(cleaned, size, interpolation=cv2.INTER_CUBIC), np.uint8)

    def _clean(self, tile: RGBImage) -> RGBImage:
        return np.asarray(self._engine.run(tile[None])[0], np.uint8)
