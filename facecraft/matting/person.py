"""Segment the person."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.box import Box
from facecraft.imaging.geometry import (
    Affine,
    compose,
    footprint,
    invert,
    scale_of,
    shifted,
    shrink,
    transform,
    warp,
)
from facecraft.imaging.head import Extent, Head
from facecraft.imaging.picture import Picture
from facecraft.matting.segmenters import Look, Segmenter
from facecraft.matting.silhouette import PERSON, keep_bust
from facecraft.types import Plane, RGBImage

SOFT_EDGE_PX = 9
"""Width, in pixels of the plane, that is kept around a person, so that soft edges stay."""
PLANE_PX = 384
"""Longer side of the plane of a portrait."""
BUST = 0.3
"""Height of the head over the portrait's, from which it shows a bust without raised arms."""
HEAD_REACH = 1.1
"""How far hair is looked for to the left and right of the eyes, in heights of the head."""


def segment_person(picture: Picture, places: NDArray[np.float32], segmenter: Segmenter) -> Plane:
    """Segment the people at some places: nobody else, and nothing outside of the photo.

    Args:
        picture: to segment.
        places: (N, 2), x y in the picture's pixels, on the people to keep; empty to keep everybody.
        segmenter: separates people from the background.
    """
    plane = _connected(segmenter.segment(picture.rgb), places, picture.width, picture.height)
    if picture.covered is not None:
        covered = cv2.resize(picture.covered, plane.shape[::-1], interpolation=cv2.INTER_AREA)
        plane = np.asarray(plane * (covered.astype(np.float32) / 255), np.float32)
    return plane


@dataclass(frozen=True, slots=True)
class Sitter:
    """The person of a portrait.

    Attributes:
        places: (N, 2) float32, x y of points on them, in the portrait's pixels; empty for everybody.
        head_px: height of the head, in the portrait's pixels; None if the places are on several people, or
            the head is not upright.
    """

    places: NDArray[np.float32]
    head_px: float | None = None


def segment_sitter(
    rgb: RGBImage, matrix: Affine, size: tuple[int, int], sitter: Sitter, segmenter: Segmenter
) -> Plane:
    """Segment the person of a portrait, seen in the picture that it is cut from, with air around it.

    Args:
        rgb: (H, W, 3) uint8, the picture.
        matrix: (2, 3) float64, from the picture's pixels to the portrait's.
        size: width and height of the portrait, in pixels.
        sitter: who is kept.
        segmenter: separates people from the background.

    Returns:
        (h, w) float32, 0 to 1, over the portrait; 0 beyond the picture.
    """
    scale = PLANE_PX / max(size)
    width, height = (max(1, round(side * scale)) for side in size)
    shares = (width / size[0], height / size[1])
    to_plane = compose(matrix, _stretch((0, 0, *size), (width, height)))
    # What the widest look sees, scaled down once and not for each look.
    air = max(look.air for look in segmenter.looks)
    around = shifted(width * (1 - air) / 2, height * (1 - air) / 2)
    seen = footprint(
        compose(around, invert(to_plane)), math.ceil(width * air), math.ceil(height * air), rgb.shape
    )
    if seen.empty:
        return np.zeros((height, width), np.float32)
    to_plane = compose(shifted(seen.x1, seen.y1), to_plane)
    rgb = rgb[seen.inside]
    small = shrink(rgb, max(rgb.shape[:2]) * min(1.0, scale_of(to_plane)))
    to_plane = compose(_stretch((0, 0, *small.shape[1::-1]), rgb.shape[1::-1]), to_plane)
    looks = [_look(small, to_plane, (width, height), look, segmenter) for look in segmenter.looks]
    plane = np.asarray(np.mean(looks, axis=0), np.float32)
    places = np.asarray(sitter.places * np.array(shares, np.float32), np.float32)
    if sitter.head_px is not None and sitter.head_px >= BUST * size[1]:
        plane = keep_bust(plane, places, sitter.head_px * shares[1])
    else:
        plane = _connected(plane, places, width, height)
    full = np.full(small.shape[:2], 255, np.uint8)
    return np.asarray(plane * (warp(full, to_plane, width, height, cv2.BORDER_CONSTANT) / np.float32(255)))


def _look(rgb: RGBImage, to_plane: Affine, size: tuple[int, int], look: Look, segmenter: Segmenter) -> Plane:
    """Segment what one look sees, as far as the picture goes; returns the part under the plane."""
    width, height = size
    corners = np.array([[0, 0], [rgb.shape[1], 0], [0, rgb.shape[0]], [rgb.shape[1], rgb.shape[0]]]) - 0.5
    ends = transform(corners, to_plane) + 0.5
    (left, top), (right, bottom) = ends.min(axis=0).tolist(), ends.max(axis=0).tolist()
    more_x, more_y = width * (look.air - 1) / 2, height * (look.air - 1) / 2
    part = (max(left, -more_x), max(top, -more_y), min(right, width + more_x), min(bottom, height + more_y))
    side = segmenter.side_px
    from_plane = _stretch(part, (side, side))
    seen = warp(rgb, compose(to_plane, from_plane), side, side, cv2.BORDER_REPLICATE)
    if look.mirrored:
        found = segmenter.segment(np.ascontiguousarray(seen[:, ::-1]))[:, ::-1]
    else:
        found = segmenter.segment(seen)
    back = invert(compose(from_plane, _stretch((0, 0, side, side), (found.shape[1], found.shape[0]))))
    plane = cv2.warpAffine(np.ascontiguousarray(found), back, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(plane, np.float32)


def _stretch(part: tuple[float, float, float, float], size: tuple[int, int]) -> Affine:
    """The matrix from pixels to those of a picture of this size that shows the part x1 y1 x2 y2."""
    x1, y1, x2, y2 = part
    across, down = size[0] / (x2 - x1), size[1] / (y2 - y1)
    return np.array([[across, 0, (0.5 - x1) * across - 0.5], [0, down, (0.5 - y1) * down - 0.5]], np.float64)


def _connected(plane: Plane, places: NDArray[np.float32], width: int, height: int) -> Plane:
    """Keep only the parts of the plane that are connected to a place."""
    if not places.size:
        return plane
    count, labels = cv2.connectedComponents((plane > PERSON).astype(np.uint8))
    if count <= 2:
        return plane
    scale = np.array([plane.shape[1] / width, plane.shape[0] / height])
    x, y = np.clip((places * scale).astype(int), 0, np.array([plane.shape[1], plane.shape[0]]) - 1).T
    kept = np.isin(labels, np.setdiff1d(labels[y, x], 0)).astype(np.uint8)
    if not kept.any():
        return plane
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (SOFT_EDGE_PX, SOFT_EDGE_PX))
    return np.asarray(plane * cv2.dilate(kept, brush), np.float32)


def measure_extent(plane: Plane, part: Box, width: int, head: Head) -> Extent:
    """Measure how far the person of a head reaches.

    Args:
        plane: the segmented person, over a part of the photo.
        part: of the photo, inside of it.
        width: of the photo, in pixels.
        head: in the photo's pixels, upright.
    """
    person = plane > PERSON
    rows, columns = person.shape
    y_px, x_px = (part.y2 - part.y1) / rows, (part.x2 - part.x1) / columns
    middle_x, middle_y = head.middle.tolist()
    # Rows of the head down to the mouth, below which long hair lies on the shoulders; columns near the head.
    last = int(np.clip((middle_y + 0.5 * head.face_px - part.y1) / y_px, 1, rows))
    reach = HEAD_REACH * head.height_px
    first, end = (int(np.clip((middle_x + side - part.x1) / x_px, 0, columns)) for side in (-reach, reach))
    found_y, found_x = np.nonzero(person[:last, first : max(end, first + 1)])
    if not found_x.size:
        found_y, found_x = np.array([last - 1]), np.array([(end - first) // 2])
    crown = middle_y - (head.height_px - head.face_px)
    return Extent(
        left=part.x1 + (first + float(found_x.min())) * x_px,
        top=min(crown, part.y1 + float(found_y.min()) * y_px),
        right=part.x1 + (first + float(found_x.max()) + 1) * x_px,
        left_from=_first_row(person[:, 0], part.y1, y_px) if part.x1 <= 0 else math.inf,
        right_from=_first_row(person[:, -1], part.y1, y_px) if part.x2 >= width else math.inf,
        top_cut=part.y1 <= 0 and bool(person[0, first:end].any()),
    )


def _first_row(edge: NDArray[np.bool_], top_px: float, row_px: float) -> float:
    found = np.flatnonzero(edge)
    return math.inf if not found.size else top_px + float(found[0]) * row_px
