"""Tell the person of a portrait from what else was taken for a person: flags, neighbours, chairs.

Outwards from the head, the outline of a bust only goes down: over the ear or the hair to the shoulder. What
stands higher is something else. And what the segmentation is unsure of belongs to the person only where soft
hair is: near the person.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.types import Plane

PERSON = 0.5
"""A pixel with at least this value counts as a person."""
# Lengths are in heights of the head.
RISE = 0.03
"""Height by which the outline may go up again."""
RIM, RIM_FADE = 0.017, 0.009
"""How far the person's own edge reaches into what is removed, and the length over which it fades."""
HAIR, HAIR_FADE = 0.065, 0.03
"""How far soft hair reaches, and the length over which it fades."""
MIDDLE = 0.5
"""Share of the face's width in the middle, where the outline starts."""


def keep_bust(plane: Plane, face: NDArray[np.float32], head_px: float) -> Plane:
    """Remove from a segmentation what is not the person's bust.

    Args:
        plane: the segmented people; the head is upright.
        face: (N, 2), x y of points on the face, in the plane's pixels.
        head_px: height of the head, in the plane's pixels.
    """
    person = plane > PERSON
    higher = _higher(person, face, RISE * head_px)
    bust = _part_of(person & ~higher, face)
    away_px = cv2.distanceTransform((~bust).astype(np.uint8), cv2.DIST_L2, 3)
    distance = np.asarray(away_px / np.float32(head_px), np.float32)
    near = np.where(person & ~bust, _fade(distance, RIM, RIM_FADE), _fade(distance, HAIR, HAIR_FADE))
    return np.asarray(plane * near, np.float32)


def _fade(distance: NDArray[np.float32], reach: float, length: float) -> NDArray[np.float32]:
    return np.asarray(np.clip((reach - distance) / length, 0, 1), np.float32)


def _higher(person: NDArray[np.bool_], face: NDArray[np.float32], rise_px: float) -> NDArray[np.bool_]:
    """Pixels above the line that only goes down, outwards from the face."""
    height, width = person.shape
    tops = np.where(person.any(axis=0), person.argmax(axis=0), height)
    left, right = float(face[:, 0].min()), float(face[:, 0].max())
    inner = MIDDLE * (right - left) / 2
    first, last = (int(np.clip((left + right) / 2 + side, 0, width - 1)) for side in (-inner, inner))
    line = np.zeros(width)
    line[last:] = np.maximum.accumulate(tops[last:])
    line[: first + 1] = np.maximum.accumulate(tops[: first + 1][::-1])[::-1]
    return np.arange(height)[:, None] < line[None] - rise_px


def _part_of(person: NDArray[np.bool_], face: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The part that has most of the face; everything if none has any."""
    height, width = person.shape
    _, labels = cv2.connectedComponents(person.astype(np.uint8))
    x, y = np.clip(face.astype(int), 0, np.array([width, height]) - 1).T
    found = np.bincount(labels[y, x], minlength=2)[1:]
    return np.asarray(labels == 1 + found.argmax()) if found.any() else person
