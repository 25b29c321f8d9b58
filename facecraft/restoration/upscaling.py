"""The whole picture, enlarged in tiles."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.errors import DeadlineExceeded
from facecraft.portrait import RGBImage
from facecraft.restoration.engines.base import Engine

TILE_PX = 192  # side of what goes in; the network's memory grows with its square
OVERLAP_PX = 32  # at least this much is seen by two tiles that meet
BLEND_PX = 16  # in the middle of it one fades into the other; the rest is context for the network


class Upscaler:
    """Enlarges a picture of any size with the memory of one row of tiles beside the result's.

    Args:
        name: of the model, as in models.lock.
        engine: runs a network that enlarges by `native` and takes pictures of even sides.
        native: the network's own factor.
        factor: the one wanted, which divides `native`: the rest is averaged away, tile by tile.
    """

    def __init__(self, name: str, engine: Engine, native: int, factor: int) -> None:
        self.name = name
        self.factor = factor
        self._engine = engine
        self._shrink = native // factor

    def upscale(self, rgb: RGBImage, abandoned: Callable[[], bool] = lambda: False) -> RGBImage:
        """The picture, `factor` times as wide and high.

        Args:
            rgb: (H, W, 3) uint8.
            abandoned: whether nobody waits for the result any more; asked before each tile.

        Raises:
            DeadlineExceeded: it was abandoned.
        """
        height, width = rgb.shape[:2]
        columns, rows = _starts(width), _starts(height)
        result = np.empty((height * self.factor, width * self.factor, 3), np.uint8)
        for index, top in enumerate(rows):
            strip = np.empty((min(TILE_PX, height) * self.factor, result.shape[1], 3), np.uint8)
            for column, left in enumerate(columns):
                if abandoned():
                    raise DeadlineExceeded("Nobody waits for this picture any more.")
                tile = self._enlarge(rgb[top : top + TILE_PX, left : left + TILE_PX])
                self._lay(strip.swapaxes(0, 1), tile.swapaxes(0, 1), columns, column)
            self._lay(result, strip, rows, index)
        return result

    def _enlarge(self, tile: RGBImage) -> RGBImage:
        height, width = tile.shape[:2]
        even = np.pad(tile, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        large = self._engine.run(even[None])[0]
        if self._shrink > 1:
            size = (even.shape[1] * self.factor, even.shape[0] * self.factor)
            large = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
        return np.asarray(large[: height * self.factor, : width * self.factor], np.uint8)

    def _lay(self, onto: RGBImage, part: RGBImage, starts: list[int], index: int) -> None:
        """Put the part for `starts[index]` into its rows, fading from the part before it."""
        first = starts[index] * self.factor
        if index == 0:
            onto[: part.shape[0]] = part
            return
        seen_twice = (starts[index - 1] + TILE_PX - starts[index]) * self.factor
        blend = BLEND_PX * self.factor
        fade_from = (seen_twice - blend) // 2
        fade_to = fade_from + blend
        fading = onto[first + fade_from : first + fade_to]
        fading[:] = _fade(fading, part[fade_from:fade_to])
        onto[first + fade_to : first + part.shape[0]] = part[fade_to:]


def _starts(length: int) -> list[int]:
    """Where tiles begin along one axis: evenly, from edge to edge, all of them whole."""
    if length <= TILE_PX:
        return [0]
    count = -(-(length - OVERLAP_PX) // (TILE_PX - OVERLAP_PX))
    return [round(each) for each in np.linspace(0, length - TILE_PX, count)]


def _fade(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """From one to the other along the first axis."""
    share = (np.arange(len(before), dtype=np.float32)[:, None, None] + 0.5) / len(before)
    return np.asarray(np.rint(before + share * (after.astype(np.float32) - before)), np.uint8)
