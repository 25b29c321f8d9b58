"""Look for small faces in a large picture, tile by tile.

A detector shrinks what it sees to 640 px, and finds faces of 20 px in that. A tile has 0.4 of the picture's
longer side, so that faces of 1/60 of that side have 27 px.
"""

from collections.abc import Iterable
from math import ceil

import numpy as np
from numpy.typing import NDArray

from facecraft.cancellation import Cancellation
from facecraft.detection.base import Detector
from facecraft.imaging.box import Box
from facecraft.types import Face, RGBImage

LEAST_PX = 1600
"""Longer side of a picture from which tiles show more than the whole."""
SIDE = 0.4
"""Side of a tile over the picture's longer side."""
OVERLAP = 0.05
"""Of neighbouring tiles, likewise: a face up to this size is whole in one of them."""
SAME = 0.5
"""The part of the smaller one of two boxes that lies in the other, from which both are the same face."""


def detect(image: RGBImage, detector: Detector, cancellation: Cancellation) -> list[Face]:
    """Find the faces that are whole in any tile. A face may come more than once.

    Raises:
        DeadlineExceeded: it was cancelled.
    """
    height, width = image.shape[:2]
    longer = max(height, width)
    found = []
    for y1, y2 in _spans(height, longer):
        for x1, x2 in _spans(width, longer):
            cancellation.check()
            tile = Box(x1, y1, x2, y2)
            faces = detector.detect(image[tile.inside])
            found += [_moved(face, tile) for face in faces if not _is_cut(face, tile, width, height)]
    return found


def added(faces: Iterable[Face], more: Iterable[Face], most: int) -> list[Face]:
    """The faces that only the second list has, each once: at most so many, those with the best scores."""
    kept = [face.bbox for face in faces]
    new: list[Face] = []
    for face in sorted(more, key=lambda each: each.score, reverse=True):
        if len(new) < most and not (kept and _is_among(face.bbox, np.array(kept))):
            kept.append(face.bbox)
            new.append(face)
    return new


def _spans(length: int, longer: int) -> list[tuple[int, int]]:
    """Starts and ends of tiles along a side."""
    side, overlap = ceil(SIDE * longer), ceil(OVERLAP * longer)
    if length <= side:
        return [(0, length)]
    count = ceil((length - overlap) / (side - overlap))
    starts = np.linspace(0, length - side, count).round().astype(int).tolist()
    return [(start, start + side) for start in starts]


def _is_cut(face: Face, tile: Box, width: int, height: int) -> bool:
    """Whether a side of the tile, inside of the picture, cuts the face."""
    x1, y1, x2, y2 = face.bbox.tolist()
    return (
        (x1 < 1 and tile.x1 > 0)
        or (y1 < 1 and tile.y1 > 0)
        or (x2 > tile.x2 - tile.x1 - 1 and tile.x2 < width)
        or (y2 > tile.y2 - tile.y1 - 1 and tile.y2 < height)
    )


def _moved(face: Face, tile: Box) -> Face:
    """A face of a tile, in the picture's pixels."""
    corner = np.array([tile.x1, tile.y1], np.float32)
    return Face(face.bbox + np.tile(corner, 2), face.landmarks + corner, face.score)


def _is_among(box: NDArray[np.float32], others: NDArray[np.float32]) -> bool:
    """Whether a box, (4,), is of the same face as one of others, (N, 4)."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    common = (high - low).clip(0).prod(axis=1)
    smaller = np.minimum((box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(axis=1))
    return bool((common > SAME * smaller).any())
