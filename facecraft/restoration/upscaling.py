"""The whole picture, enlarged in tiles."""

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.cancellation import Cancellation
from facecraft.restoration.engines.base import Engine
from facecraft.types import RGBImage

TILE_PX = 192  # longest side of what goes in; the network's memory grows with its square
OVERLAP_PX = 32  # at least this much is seen by two tiles that meet
BLEND_PX = 16  # in the middle of it one fades into the other; the rest is context for the network


@dataclass(frozen=True, slots=True)
class Cuts:
    """How one axis is cut into tiles: where they start, and how long each of them is."""

    starts: list[int]
    length: int


def cut(length_px: int) -> Cuts:
    """As few tiles as there can be, evenly from edge to edge, all of one length: the shortest that does."""
    count = max(1, ceil((length_px - OVERLAP_PX) / (TILE_PX - OVERLAP_PX)))
    tile = ceil((length_px + (count - 1) * OVERLAP_PX) / count)
    tile = min(tile + tile % 2, length_px)  # the network takes even sides
    return Cuts([round(each) for each in np.linspace(0, length_px - tile, count)], tile)


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

    def upscale(self, rgb: RGBImage, cancellation: Cancellation | None = None) -> RGBImage:
        """The picture, `factor` times as wide and high.

        Args:
            rgb: (H, W, 3) uint8.
            cancellation: asked before each tile.

        Raises:
            DeadlineExceeded: it was cancelled.
        """
        height, width = rgb.shape[:2]
        columns, rows = cut(width), cut(height)
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

    def _lay(self, onto: RGBImage, part: RGBImage, cuts: Cuts, index: int) -> None:
        """Put the part that starts at `cuts.starts[index]` into its rows, fading from the one before it."""
        starts = cuts.starts
        first = starts[index] * self.factor
        if index == 0:
            onto[: part.shape[0]] = part
            return
        seen_twice = (starts[index - 1] + cuts.length - starts[index]) * self.factor
        blend = BLEND_PX * self.factor
        fade_from = (seen_twice - blend) // 2
        fade_to = fade_from + blend
        fading = onto[first + fade_from : first + fade_to]
        fading[:] = _fade(fading, part[fade_from:fade_to])
        onto[first + fade_to : first + part.shape[0]] = part[fade_to:]


def _fade(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """From one to the other along the first axis."""
    share = (np.arange(len(before), dtype=np.float32)[:, None, None] + 0.5) / len(before)
    return np.asarray(np.rint(before + share * (after.astype(np.float32) - before)), np.uint8)
