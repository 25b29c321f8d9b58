"""Search for the frame that reaches least beyond the photo: size, place and turn of the head in the portrait.

A frame should stay inside of the photo. At the lower edge, and where the photo's edge cuts the person, it
always does: beyond them, a body would be invented. At the other edges the background may go on. If the
requested ranges allow no such frame, it leaves them, and tells what the photo lacks.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from facecraft.finishing.candidates import (
    Candidates,
    Room,
    candidates,
    departures,
    faults_of,
    room_of,
    wished_across,
    wished_eyes,
)
from facecraft.finishing.demand import Demand, Subject
from facecraft.imaging.geometry import Affine, invert

ROWS = 512
"""Rows of a frame in which the missing part is measured."""
MARGIN = 0.03
"""Share of a range that is kept free at each end: the verdict measures the finished portrait again."""
LEAVE, STRICT = 1e4, 1e10
"""Weights of leaving the ranges: a little less than inventing a body, and more than anything."""


@dataclass(frozen=True, slots=True)
class Lack:
    """What the photo lacks for the nearest frame in the ranges.

    Attributes:
        left: missing width, over the frame's height; likewise right.
        top: missing height, over the frame's height; likewise bottom.
        area: missing share of the frame.
    """

    left: float
    top: float
    right: float
    bottom: float
    area: float

    @property
    def sides(self) -> dict[str, float]:
        """What is missing at each side, over the frame's height, by words that say where it is."""
        return {
            "below the chin": self.bottom,
            "above the head": self.top,
            "on the left": self.left,
            "on the right": self.right,
        }

    @property
    def tightest(self) -> str:
        """Where most is missing, in words."""
        return max(self.sides, key=lambda side: self.sides[side])


@dataclass(frozen=True, slots=True)
class Frame:
    """A part of the photo.

    Attributes:
        matrix: (2, 3) float64, from places in the photo (the first pixel's middle is at 0.5) to places in the
            frame, in shares of its height.
        height_px: of the frame, in the photo's pixels.
        lack: None if the frame is in the ranges.
    """

    matrix: Affine
    height_px: float
    lack: Lack | None = None


def middle(demand: Demand, subject: Subject) -> Frame:
    """The frame in the middles of the ranges, wherever the photo ends."""
    head = subject.head
    roll = math.radians(head.roll_deg) if demand.levels else 0.0
    share = head.height_px / min(subject.height, subject.width / demand.aspect)
    size = np.array([share if demand.head is None else sum(demand.head) / 2])
    across = np.array([wished_across(demand, subject)])
    frames = Candidates(size, np.array([roll]), wished_eyes(demand, subject, size), across)
    return _frame(demand, subject, frames, 0)


def search(demand: Demand, subject: Subject) -> Frame:
    """Find the frame that reaches least beyond the photo. It leaves the ranges only to invent no body."""
    narrow = demand.narrowed(MARGIN)
    frames = candidates(narrow, subject)
    room = room_of(narrow, subject, frames)
    faults, outside = faults_of(narrow, subject, frames, room), departures(narrow, subject, frames)
    best = int(np.argmin(faults + LEAVE * outside))
    frame = _frame(demand, subject, frames, best)
    if departures(demand, subject, frames)[best] == 0:
        return frame
    nearest = int(np.argmin(faults + STRICT * outside))
    return replace(frame, lack=_lack(demand, subject, frames, room, nearest))


def _lack(demand: Demand, subject: Subject, frames: Candidates, room: Room, index: int) -> Lack:
    across, eyes, leftmost, lowest, rightmost, highest = (
        float(each[index])
        for each in (frames.across, frames.eyes, room.leftmost, room.lowest, room.rightmost, room.highest)
    )
    if leftmost > rightmost:  # too narrow a photo lacks the same on both sides
        across = (leftmost + rightmost) / 2
    left, right = (max(0.0, side * demand.aspect) for side in (across - rightmost, leftmost - across))
    top, bottom = max(0.0, lowest - eyes), max(0.0, eyes - highest)
    area = _missing(_frame(demand, subject, frames, index).matrix, demand.aspect, subject)
    return Lack(left, top, right, bottom, area)


def _frame(demand: Demand, subject: Subject, frames: Candidates, index: int) -> Frame:
    head, turn, eyes, across = (
        float(each[index]) for each in (frames.head, frames.turn, frames.eyes, frames.across)
    )
    height_px = subject.head.height_px / head
    linear = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) / height_px
    place = np.array([across * demand.aspect, 1 - eyes])
    return Frame(np.column_stack((linear, place - linear @ (subject.head.middle + 0.5))), height_px)


def _missing(matrix: Affine, aspect: float, subject: Subject) -> float:
    """The share of a frame that lies beyond the photo."""
    to_photo = invert(matrix)
    rows = (np.arange(ROWS) + 0.5) / ROWS
    starts = to_photo[:, 1:2] * rows + to_photo[:, 2:]  # (2, ROWS), x y in the photo at the left edge
    ends = starts + to_photo[:, :1] * aspect
    first, last = np.zeros(ROWS), np.ones(ROWS)
    for start, end, size in zip(starts, ends, (subject.width, subject.height), strict=True):
        # A row along an edge of the photo is inside or outside as a whole: it crosses edges very far away.
        crossings = np.stack((-start, size - start)) / (end - start + 1e-12)
        first = np.maximum(first, crossings.min(axis=0))
        last = np.minimum(last, crossings.max(axis=0))
    return 1 - float(np.maximum(0.0, last - first).mean())
