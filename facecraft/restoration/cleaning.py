"""Clean a whole photo: remove noise, compression artefacts and blur at its own size."""

import numpy as np

from facecraft.cancellation import Cancellation
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

    def clean(self, rgb: RGBImage, cancellation: Cancellation | None = None) -> RGBImage:
        """Clean a photo.

        Args:
            rgb: (H, W, 3) uint8.
            cancellation: checked before each tile.

        Returns:
            (H, W, 3) uint8.

        Raises:
            DeadlineExceeded: it was cancelled.
        """
        return TILING.run(rgb, 1, self._clean, cancellation)

    def _clean(self, tile: RGBImage) -> RGBImage:
        return np.asarray(self._engine.run(tile[None])[0], np.uint8)
