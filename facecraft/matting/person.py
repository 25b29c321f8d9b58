"""Segment the person."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.box import Box
from facecraft.imaging.head import Extent, Head
from facecraft.imaging.picture import Picture
from facecraft.matting.segmenters import Segmenter
from facecraft.types import Plane

PERSON = 0.5
"""A pixel with at least this value counts as a person."""
SOFT_EDGE_PX = 9
"""Width, in pixels of the plane, that is kept around a person, so that soft edges stay."""
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
