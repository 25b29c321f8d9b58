"""How many faces of a photo are restored, and whether there is time for them."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Literal, assert_never

from facecraft.errors import TooManyFaces
from facecraft.restoration.batching import BatchingRestorer

ONE_BY_ONE = "Ask for one after another with face=1, face=2 and so on, as POST /detect lists them."


def most_faces(option: Literal["all", "largest"] | int) -> int | None:
    """How many faces the option `faces` restores at most, the largest first; None for all."""
    match option:
        case "all":
            return None
        case "largest":
            return 1
        case int():
            return option
        case _:
            assert_never(option)


def check_faces(
    restorer: BatchingRestorer, sources_px: Sequence[float], max_faces: int, deadline_s: float | None
) -> None:
    """Refuse faces that are too many. A single face never is.

    Args:
        restorer: knows how long they take.
        sources_px: length of each face's square in pixels of the photo, the largest face first.
        max_faces: of one photo; 0 for no limit.
        deadline_s: seconds that the portrait may take; None if nobody waits for it.

    Raises:
        TooManyFaces: more than `max_faces`, or more than can be restored within `deadline_s`, even if nothing
            else is in work.
    """
    count = len(sources_px)
    in_time = count if deadline_s is None else _in_time(restorer, sources_px, deadline_s)
    if max_faces and count > max_faces:
        raise TooManyFaces(
            f"{count} faces would be restored; at most {max_faces} are.",
            hint=_hint(min(max_faces, _with_reserve(in_time, count))),
            limit=max_faces,
        )
    if in_time < count:
        raise TooManyFaces(
            f"{count} faces take about {restorer.seconds(sources_px):.0f} seconds, "
            f"but the portrait must be finished within {deadline_s:g}.",
            hint=_hint(_with_reserve(in_time, count)),
            limit=in_time,
        )


def check_portraits(count: int, max_faces: int) -> None:
    """Refuse more portraits of one photo than `max_faces`; 0 for no limit.

    Raises:
        TooManyFaces: there are more.
    """
    if max_faces and count > max_faces:
        raise TooManyFaces(
            f"{count} portraits would be made; at most {max_faces} are.", hint=ONE_BY_ONE, limit=max_faces
        )


def check_pace(ends_s: Sequence[float], count: int, deadline_s: float | None) -> None:
    """Refuse the other portraits of a photo if they cannot be made by the deadline.

    Args:
        ends_s: when each portrait so far was done, in seconds from the start. The first one takes longer,
            because the photo is looked at for it, so it says nothing about the others.
        count: of all portraits.
        deadline_s: seconds that all of them may take; None if nobody waits for them.

    Raises:
        TooManyFaces: they cannot.
    """
    made = len(ends_s)
    if deadline_s is None or not 2 <= made < count:
        return
    pace_s = max((ends_s[-1] - ends_s[0]) / (made - 1), 1e-6)
    total_s = ends_s[-1] + pace_s * (count - made)
    if total_s > deadline_s:
        raise TooManyFaces(
            f"{count} portraits take about {total_s:.0f} seconds, "
            f"but must be finished within {deadline_s:g}.",
            hint=ONE_BY_ONE,
            limit=max(1, made + int((deadline_s - ends_s[-1]) / pace_s)),
        )


def _in_time(restorer: BatchingRestorer, sources_px: Sequence[float], deadline_s: float) -> int:
    """How many of the faces can be restored in time, the largest first; at least one, if there is any."""
    if len(sources_px) > 1 and restorer.seconds(sources_px) > deadline_s:
        restorer.measure()  # a slow moment long ago must not decide
    ends_s = accumulate(restorer.seconds([source_px]) for source_px in sources_px)
    return max(min(1, len(sources_px)), sum(end_s <= deadline_s for end_s in ends_s))


def _with_reserve(in_time: int, count: int) -> int:
    """How many faces to advise: the rest of the work takes time too, and other requests have their turns."""
    return in_time if in_time == count else max(1, in_time * 3 // 4)


def _hint(count: int) -> str:
    if count == 1:
        return "Use faces=largest."
    return f"Use faces=largest, or faces={count} for the {count} largest."
