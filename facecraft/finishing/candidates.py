"""Candidates for a frame, and their faults.

Each candidate has a size and a turn. Its place follows from the photo: the eyes move only as far as needed.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facecraft.finishing.demand import Demand, Subject
from facecraft.imaging.head import EYES_IN_HEAD

SPACE_ABOVE, SPACES_ABOVE = 0.4, (0.1, 0.85)
"""Share of the free height above the head, and its range, if the place of the eyes is not requested."""
EYES_ALONE = 0.55
"""Height of the eyes above the lower edge in a portrait that only has a shape."""
SIDEWAYS = 1 / 6
"""The largest shift of the face, in widths, but where a body would be invented: within the middle third."""
TURNS = (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)
"""The turns that are tried, as shares of the roll."""
TOLERATED_DEG = 6.0
"""Roll that may be left; the rule allows 8 degrees."""
SIZES, ROUNDS = 48, 4
NOTHING = 3e-4
"""Excess that does not count: less than half a row of pixels in most portraits."""
LARGEST_HEAD = 0.95
EYES_RANGE = (0.05, 0.95)
# Weights of the faults. Lengths are shares of the frame's side.
PER_EYES, PER_DEGREE = (
    3.0,
    0.02,
)  # how much of a larger head the eyes' height, and a degree of roll, are worth
HARD = 1e7  # a body would be invented
RELAX = 4.0  # the ranges are relaxed
SOFT, SOFT_PAINTED = 40.0, 2.0  # the background would be continued; a painted one hides it
HAIR = 30.0  # the head would be cut
ROLL = 0.04  # by degree
SIZE, EYES, SHIFT = 0.3, 0.5, 0.3  # not in the middle of the range


@dataclass(frozen=True, slots=True)
class Candidates:
    """Frames, (N,) each.

    Attributes:
        head: height of the head over the frame's.
        turn: in radians, clockwise in the photo.
        eyes: height of the eyes above the lower edge over the frame's.
        across: distance of the eyes from the left edge over the frame's width.
    """

    head: NDArray[np.float64]
    turn: NDArray[np.float64]
    eyes: NDArray[np.float64]
    across: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Room:
    """Where the eyes may be in each frame, (N,) each, so that the photo covers it, and the head is inside."""

    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    below_hair: NDArray[np.float64]
    leftmost: NDArray[np.float64]
    rightmost: NDArray[np.float64]
    right_of_hair: NDArray[np.float64]
    left_of_hair: NDArray[np.float64]
    left_cut: NDArray[np.bool_]
    right_cut: NDArray[np.bool_]


def candidates(demand: Demand, subject: Subject) -> Candidates:
    """Each size with each turn, where the photo has room: with the eyes in their range, and without it."""
    roll = math.radians(subject.head.roll_deg) if demand.levels else 0.0
    turns = roll * np.array(TURNS if demand.levels else (0.0,))
    head, turn, free = (each.ravel() for each in np.meshgrid(_sizes(demand, subject), turns, (False, True)))
    wished = wished_eyes(demand, subject, head)
    found = Candidates(head, turn, wished, np.full_like(head, wished_across(demand, subject)))
    for _ in range(ROUNDS):  # in a turned frame each depends on the other
        found = replace(found, eyes=_eyes(demand, subject, found, free))
        found = replace(found, across=_across(demand, subject, room_of(demand, subject, found)))
    return found


def _sizes(demand: Demand, subject: Subject) -> NDArray[np.float64]:
    largest_px = min(subject.height, subject.width / demand.aspect)
    if demand.head is None:
        least = subject.head.height_px / largest_px
        return np.geomspace(least, max(LARGEST_HEAD, 2 * least), 2 * SIZES)
    least, most = demand.head[0], demand.most_head or demand.head[1]
    within = np.linspace(least, most, SIZES)
    end = max(LARGEST_HEAD, most, subject.head.height_px / largest_px)  # a photo may be smaller than the head
    return np.concatenate(([sum(demand.head) / 2], within, np.linspace(most, end, SIZES)))


def _eye_limits(demand: Demand, head: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The requested range of the eyes' height for heads of these sizes, not relaxed."""
    skull = (1 - EYES_IN_HEAD) * head
    if demand.eyes is not None:
        low, high = demand.eyes
        return np.full_like(head, low), np.full_like(head, high)
    if demand.crown is not None:
        low, high = demand.crown
        return 1 - high - skull, 1 - low - skull
    if demand.only_levels:
        return np.full_like(head, EYES_RANGE[0]), np.full_like(head, EYES_RANGE[1])
    low, high = (0.5, 0.5) if demand.centred else SPACES_ABOVE
    return 1 - high * (1 - head) - skull, 1 - low * (1 - head) - skull


def wished_eyes(demand: Demand, subject: Subject, head: NDArray[np.float64]) -> NDArray[np.float64]:
    """The eyes' height above the lower edge for heads of these sizes, if the photo has room."""
    if demand.only_levels:
        place = 1 - (subject.head.middle[1] + 0.5) / subject.height if demand.in_place else EYES_ALONE
        return np.full_like(head, place)
    low, high = _eye_limits(demand, head)
    if demand.eyes is not None or demand.crown is not None or demand.centred:
        return (low + high) / 2
    return 1 - SPACE_ABOVE * (1 - head) - (1 - EYES_IN_HEAD) * head


def wished_across(demand: Demand, subject: Subject) -> float:
    """The eyes' distance from the left edge, if the photo has room."""
    return float(subject.head.middle[0] + 0.5) / subject.width if demand.in_place else 0.5


def room_of(demand: Demand, subject: Subject, frames: Candidates) -> Room:
    """Measure the room for each frame's own turn and place."""
    height = subject.head.height_px / frames.head
    width = height * demand.aspect
    x, y = (subject.head.middle + 0.5).tolist()
    sine, cosine = np.sin(frames.turn), np.cos(frames.turn)
    # A turned frame's corners reach further than its sides' middles.
    along = np.stack((-frames.across, 1 - frames.across)) * width * sine
    down = np.stack((frames.eyes - 1, frames.eyes)) * height * sine
    extent = subject.extent
    left_bottom, right_bottom = y + along + frames.eyes * height * cosine  # rows of the lower corners
    return Room(
        lowest=1 - (y + along.min(axis=0)) / (height * cosine),
        highest=(subject.height - y - along.max(axis=0)) / (height * cosine),
        below_hair=1 - (y - extent.top) / height,
        leftmost=1 - (subject.width - x + down.min(axis=0)) / (width * cosine),
        rightmost=(x - down.max(axis=0)) / (width * cosine),
        right_of_hair=(x - extent.left) / width,
        left_of_hair=1 - (extent.right - x) / width,
        left_cut=left_bottom > extent.left_from,
        right_cut=right_bottom > extent.right_from,
    )


def _eyes(
    demand: Demand, subject: Subject, frames: Candidates, free: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Move the eyes as little as possible: first for the hair, then for the photo's edges."""
    room = room_of(demand, subject, frames)
    low, high = _eye_limits(demand, frames.head)
    if demand.least_eyes is not None:
        low = np.full_like(low, demand.least_eyes)
    eyes = wished_eyes(demand, subject, frames.head)
    eyes = np.minimum(eyes, np.maximum(room.below_hair, low))
    eyes = np.maximum(eyes, room.lowest if subject.extent.top_cut else np.minimum(room.lowest, high))
    eyes = np.minimum(eyes, room.highest)
    eyes = np.where(free, eyes, np.clip(eyes, low, high))
    return np.clip(eyes, *EYES_RANGE)


def _across(demand: Demand, subject: Subject, room: Room) -> NDArray[np.float64]:
    """Move the eyes as little as possible: first for the hair, then for the photo's edges."""
    wished = np.full_like(room.leftmost, wished_across(demand, subject))
    across = _between(wished, room.right_of_hair, room.left_of_hair, 0.5)
    towards = 0.5 + (room.left_cut.astype(np.float64) - room.right_cut) / 2
    across = _between(across, room.leftmost, room.rightmost, towards)
    if not demand.only_levels:
        across = np.clip(across, 0.5 - SIDEWAYS, 0.5 + SIDEWAYS)
    across = np.where(room.right_cut, np.maximum(across, room.leftmost), across)
    return np.clip(np.where(room.left_cut, np.minimum(across, room.rightmost), across), 0, 1)


def _between(
    values: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    towards: NDArray[np.float64] | float,
) -> NDArray[np.float64]:
    """Clip values; where nothing lies between, go from low (0) towards high (1)."""
    return np.where(low <= high, np.clip(values, low, high), low + towards * (high - low))


def faults_of(demand: Demand, subject: Subject, frames: Candidates, room: Room) -> NDArray[np.float64]:
    """The sum of the weighted faults of each frame, (N,), but for leaving the ranges."""
    left, right = _over(frames.across, room.rightmost), _over(room.leftmost, frames.across)
    top, bottom = _over(room.lowest, frames.eyes), _over(frames.eyes, room.highest)
    invented = bottom + left * room.left_cut + right * room.right_cut + top * subject.extent.top_cut
    continued = left * ~room.left_cut + right * ~room.right_cut + top * (not subject.extent.top_cut)
    hair = _over(frames.eyes, room.below_hair) + _over(EYES_IN_HEAD * frames.head, frames.eyes)
    hair += _over(room.right_of_hair, frames.across) + _over(frames.across, room.left_of_hair)
    soft = SOFT_PAINTED if demand.painted else SOFT
    return np.asarray(
        HARD * invented + soft * continued + HAIR * hair
        + ROLL * _roll_deg(demand, subject, frames)
        + RELAX * (departures(demand, subject, frames, relaxed=False) - departures(demand, subject, frames))
        + SIZE * _from_wished_size(demand, frames.head)
        + EYES * np.abs(frames.eyes - wished_eyes(demand, subject, frames.head))
        + SHIFT * np.abs(frames.across - wished_across(demand, subject))
    )  # fmt: skip


def departures(
    demand: Demand, subject: Subject, frames: Candidates, *, relaxed: bool = True
) -> NDArray[np.float64]:
    """How far each frame, (N,), is outside of the ranges, relaxed where that is allowed."""
    low, high = _eye_limits(demand, frames.head)
    if relaxed and demand.least_eyes is not None:
        low = np.full_like(low, demand.least_eyes)
    outside = PER_EYES * (_over(low, frames.eyes) + _over(frames.eyes, high))
    outside += PER_DEGREE * _over(_roll_deg(demand, subject, frames), TOLERATED_DEG)
    if demand.head is not None:
        least, most = demand.head[0], (demand.most_head if relaxed else None) or demand.head[1]
        outside += _over(frames.head / most, 1) + _over(1, frames.head / least)
    return outside


def _roll_deg(demand: Demand, subject: Subject, frames: Candidates) -> NDArray[np.float64]:
    """The roll that each frame leaves, if the eyes should be level."""
    if not demand.levels:
        return np.zeros_like(frames.turn)
    return np.asarray(np.abs(subject.head.roll_deg - np.degrees(frames.turn)))


def _from_wished_size(demand: Demand, head: NDArray[np.float64]) -> NDArray[np.float64]:
    if demand.head is None:  # the largest frame
        return np.asarray(np.log(head / head.min()))
    middle = sum(demand.head) / 2
    return np.abs(head - middle) / middle


def _over(value: NDArray[np.float64] | float, limit: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.maximum(0.0, np.asarray(value - limit - NOTHING, np.float64))
