"""Choose the face whose portrait it is. No other module does."""

from collections.abc import Callable, Sequence
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from facecraft.errors import InvalidOption
from facecraft.imaging.mesh import Points, box_of
from facecraft.types import Face
from facecraft.whose import Place, Whose

CUT = 0.05
"""The part of a face beyond the photo's edge, over its height or width, from which the edge cuts it.

The mesh guesses what it does not see: of 20 portraits it puts 0.014 beyond an edge that touches the face, and
0.08 to 0.21 beyond one that cuts 0.15 of it off."""
HINT = "See POST /detect for the faces of the photo; the first one is face=1."


def choose(
    whose: Whose,
    faces: Sequence[Face],
    size: tuple[int, int],
    *,
    is_whole: Callable[[int], bool],
    is_seen: Callable[[int], bool],
) -> int:
    """The index of the portrait's face.

    Args:
        whose: as asked for.
        faces: at least one, largest first.
        size: width and height of the photo, in pixels.
        is_whole: whether the mesh sees the face with this index, and the photo's edge does not cut it. It is
            asked about as few as possible.
        is_seen: whether the mesh sees it. It counts where no face is whole.

    Raises:
        InvalidOption: there is no such face.
    """
    match whose:
        case "largest":
            order: Sequence[int] = range(len(faces))
        case "center":
            middle = np.array(size) / 2
            order = sorted(range(len(faces)), key=lambda index: _distance(faces[index], middle))
        case int():
            return _numbered(whose, len(faces))
        case tuple():
            return _at(whose, faces)
        case _:
            assert_never(whose)
    if len(faces) == 1:
        return 0
    for passes in (is_whole, is_seen):
        for index in order:
            if passes(index):
                return index
    return order[0]


def is_whole(points: Points | None, size: tuple[int, int]) -> bool:
    """Whether the photo's edge does not cut a face.

    Args:
        points: of the mesh, which knows where the rest of a face is; None if it sees no face.
        size: width and height of the photo, in pixels.
    """
    if points is None:
        return False
    low, high = box_of(points).reshape(2, 2)
    beyond = np.maximum(-low, high - np.array(size))
    return bool((beyond <= CUT * (high - low)).all())


def _numbered(number: int, count: int) -> int:
    if number > count:
        there = "is 1 face" if count == 1 else f"are {count} faces"
        raise InvalidOption(f"There is no face {number} in the photo: there {there}.", hint=HINT)
    return number - 1


def _at(place: Place, faces: Sequence[Face]) -> int:
    """The face around a place, else the nearest one within its own size."""
    point = np.array(place, np.float32)
    around = [index for index, face in enumerate(faces) if _gap(face, point) == 0]
    if around:
        return min(around, key=lambda index: _distance(faces[index], point))
    nearest = min(range(len(faces)), key=lambda index: _gap(faces[index], point))
    x1, y1, x2, y2 = faces[nearest].bbox.tolist()
    if _gap(faces[nearest], point) > max(x2 - x1, y2 - y1):
        raise InvalidOption(f"There is no face at {place[0]},{place[1]}.", hint=HINT)
    return nearest


def _distance(face: Face, point: NDArray[np.floating]) -> float:
    """From the middle of a face to a point, in pixels."""
    return float(np.linalg.norm(face.bbox.reshape(2, 2).mean(axis=0) - point))


def _gap(face: Face, point: NDArray[np.floating]) -> float:
    """From the box of a face to a point, in pixels; 0 inside."""
    low, high = face.bbox.reshape(2, 2)
    return float(np.linalg.norm(np.maximum(0, np.maximum(low - point, point - high))))
