"""Run a network over a picture of any size: in tiles, whose results are laid together without seams."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, inf
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from facecraft.cancellation import Cancellation
from facecraft.errors import DeadlineExceeded
from facecraft.types import RGBImage

TRIED = 2
"""Tiles whose times are known before the rest is called hopeless."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tiles along one axis: the start of each, and their common length, in pixels.

    The last one may reach beyond the axis by less than a step.
    """

    starts: list[int]
    length: int


@dataclass(frozen=True, slots=True)
class Tiling:
    """How a picture is cut.

    Attributes:
        tile_px: longest side of a tile, a multiple of `step_px`. A network's memory grows with its square.
        overlap_px: two neighbouring tiles share at least this many pixels.
        blend_px: in the middle of the overlap one tile fades into the other; the rest is context.
        step_px: the network takes sides that are multiples of this. Tiles start at multiples, too, so that a
            pixel has the same place in the network's grid in every tile.
    """

    tile_px: int
    overlap_px: int
    blend_px: int
    step_px: int

    def cover(self, length_px: int) -> Tiles:
        """Cover an axis with the smallest number of tiles, evenly spaced, with the same shortest length."""
        step, overlap = self.step_px, self.overlap_px
        padded = self._whole_steps(length_px)
        count = max(1, ceil((padded - overlap) / (self.tile_px - overlap)))
        tile = self._whole_steps(ceil((padded + (count - 1) * overlap) / count))
        spaced = np.linspace(0, (padded - tile) // step, count)
        return Tiles([round(each) * step for each in spaced], tile)

    def run(
        self,
        rgb: RGBImage,
        factor: int,
        network: Callable[[RGBImage], RGBImage],
        cancellation: Cancellation | None = None,
    ) -> RGBImage:
        """Run a network on each tile. Besides the result, one row of tiles is in memory.

        Args:
            rgb: (H, W, 3) uint8.
            factor: how many times the network enlarges.
            network: from (h, w, 3) uint8, with sides in multiples of `step_px`, to `factor` times its size.
            cancellation: checked before each tile.

        Returns:
            (factor * H, factor * W, 3) uint8.

        Raises:
            DeadlineExceeded: it was cancelled, or the tiles that are left cannot be done by the deadline.
        """
        height, width = rgb.shape[:2]
        columns, rows = self.cover(width), self.cover(height)
        timed = _TimedTiles(len(rows.starts) * len(columns.starts), cancellation)
        result = np.empty((height * factor, width * factor, 3), np.uint8)
        for row, top in enumerate(rows.starts):
            source = rgb[top : top + rows.length]
            strip = np.empty((len(source) * factor, width * factor, 3), np.uint8)
            for column, left in enumerate(columns.starts):
                timed.next()
                tile = source[:, left : left + columns.length]
                large = network(self._padded(tile))[: tile.shape[0] * factor, : tile.shape[1] * factor]
                self._lay(strip.swapaxes(0, 1), large.swapaxes(0, 1), columns, column, factor)
            self._lay(result, strip, rows, row, factor)
        return result

    def _padded(self, tile: RGBImage) -> RGBImage:
        """Repeat the edge up to whole steps."""
        height, width = tile.shape[:2]
        missing = ((0, -height % self.step_px), (0, -width % self.step_px), (0, 0))
        return np.pad(tile, missing, mode="edge")

    def _whole_steps(self, length_px: int) -> int:
        return ceil(length_px / self.step_px) * self.step_px

    def _lay(self, onto: RGBImage, part: RGBImage, tiles: Tiles, index: int, factor: int) -> None:
        """Copy the part into its rows; fade from the previous part."""
        first = tiles.starts[index] * factor
        if index == 0:
            onto[: len(part)] = part
            return
        overlap = (tiles.starts[index - 1] + tiles.length - tiles.starts[index]) * factor
        fade_from = (overlap - self.blend_px * factor) // 2
        fade_to = fade_from + self.blend_px * factor
        fading = onto[first + fade_from : first + fade_to]
        fading[:] = _fade(fading, part[fade_from:fade_to][: len(fading)])
        onto[first + fade_to : first + len(part)] = part[fade_to:]


def _fade(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fade from `before` to `after` along the first axis."""
    share = (np.arange(len(before), dtype=np.float32)[:, None, None] + 0.5) / len(before)
    return np.asarray(np.rint(before + share * (after.astype(np.float32) - before)), np.uint8)


class _TimedTiles:
    """Ends a picture early that would run into its deadline.

    The fastest tile counts: the others may have waited for the device.

    Args:
        count: of all tiles.
        cancellation: of the picture; None if nobody waits for it.
    """

    def __init__(self, count: int, cancellation: Cancellation | None) -> None:
        self._count = count
        self._cancellation = cancellation
        self._begun = 0
        self._last_s = monotonic()
        self._fastest_s = inf

    def next(self) -> None:
        """To be called before each tile.

        Raises:
            DeadlineExceeded: the picture was cancelled, or cannot be done in time.
        """
        if self._cancellation is None:
            return
        self._cancellation.check()
        now_s = monotonic()
        if self._begun > 0:
            self._fastest_s = min(self._fastest_s, now_s - self._last_s)
        left_s = self._cancellation.seconds_left
        if self._begun >= TRIED and left_s is not None:
            rest_s = self._fastest_s * (self._count - self._begun)
            if rest_s > left_s:
                raise DeadlineExceeded(
                    f"The picture takes about {self._fastest_s * self._count:.0f} seconds; fewer are left."
                )
        self._begun += 1
        self._last_s = now_s
