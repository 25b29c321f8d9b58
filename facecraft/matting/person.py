"""Segment the person."""

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging.picture import Picture
from facecraft.matting.segmenters import Segmenter
from facecraft.types import Plane

PERSON = 0.5
"""A pixel with at least this value counts as a person."""
SOFT_EDGE_PX = 9
"""Width, in pixels of the plane, that is kept around a person, so that soft edges stay."""


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
