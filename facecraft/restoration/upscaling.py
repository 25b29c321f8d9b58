"""Enlarge a whole image in tiles."""

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.cancellation import Cancellation
from facecraft.restoration.engines.base import Engine
from facecraft.types import RGBImage

TILE_PX = 192  # longest side of the network's input; its memory grows with the square
OVERLAP_PX = 32  # two neighbouring tiles share at least this many pixels
BLEND_PX = 16  # in the middle of the overlap one tile fades into the other; the rest is context


@dataclass(frozen=True, slots=True)
class Tiling:
    """Tiles along one axis: the start of each, and their common length, in pixels."""

    starts: list[int]
    length: int


def tile_axis(length_px: int) -> Tiling:
    """Cover an axis with the smallest number of tiles, evenly spaced, with the same shortest length."""
    count = max(1, ceil((length_px - OVERLAP_PX) / (TILE_PX - OVERLAP_PX)))
    tile = ceil((length_px + (count - 1) * OVERLAP_PX) / count)
    tile = min(tile + tile % 2, length_px)  # the network needs even sides
    return Tiling([round(each) for each in np.linspace(0, length_px - tile, count)], tile)


class Upscaler:
    """Enlarges an image of any size. Besides the result, one row of tiles is in memory.

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
        height, width = rgb.shape[:2]
        columns, rows = tile_axis(width), tile_axis(height)
        result = np.empty((height * self.factor, width * self.factor, 3), np.uint8)
        for row, top in enumerate(rows.starts):
            strip = np.empty((rows.length * self.factor, result.shape[1], 3), np.uint8)
            for column, left in enumerate(columns.starts):
                if cancellation is not None:
                    cancellation.check()
                tile = self._enlarge(rgb[top : top + rows.length, left : left + columns.length])
                self._lay(strip.swapaxes(0, 1), tile.swapaxes(0, 1), columns, column)
            self._lay(result, strip, rows, row)
        return result

    def _enlarge(self, tile: RGBImage) -> RGBImage:
        height, width = tile.shape[:2]
        even = np.pad(tile, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        large = self._engine.run(even[None])[0]
        if self._shrink > 1:
            size = (even.shape[1] * self.factor, even.shape[0] * self.factor)
            large = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
        return np.asarray(large[: height * self.factor, : width * self.factor], np.uint8)

    def _lay(self, onto: RGBImage, part: RGBImage, tiling: Tiling, index: int) -> None:
        """Copy the part into its rows, from `tiling.starts[index]` on; fade from the previous part."""
        starts = tiling.starts
        first = starts[index] * self.factor
        if index == 0:
            onto[: part.shape[0]] = part
            return
        overlap = (starts[index - 1] + tiling.length - starts[index]) * self.factor
        blend = BLEND_PX * self.factor
        fade_from = (overlap - blend) // 2
        fade_to = fade_from + blend
        fading = onto[first + fade_from : first + fade_to]
        fading[:] = _fade(fading, part[fade_from:fade_to])
        onto[first + fade_to : first + part.shape[0]] = part[fade_to:]


def _fade(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fade from `before` to `after` along the first axis."""
    share = (np.arange(len(before), dtype=np.float32)[:, None, None] + 0.5) / len(before)
    return np.asarray(np.rint(before + share * (after.astype(np.float32) - before)), np.uint8)
