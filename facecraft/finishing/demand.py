"""What is asked of a frame, and the person whom it shows."""

from dataclasses import dataclass, replace
from typing import Self

from facecraft.imaging.head import Extent, Head
from facecraft.types import Range


@dataclass(frozen=True, slots=True)
class Demand:
    """The request for a frame.

    Attributes:
        aspect: width over height.
        head: range of the head's height over the frame's; None for the largest frame.
        eyes: range of the eyes' height above the lower edge over the frame's; None if not requested.
        crown: range of the space above the skull over the frame's height; None if not requested.
        most_head: up to this the head may be larger if the photo is tight; None for the end of its range.
        least_eyes: down to this the eyes may be lower if the photo is tight; None for the end of their range.
        centred: whether there is as much space above the head as below it.
        levels: whether the eyes should be level.
        in_place: whether the head stays at its place in the photo as far as it can.
        painted: whether a new background hides what the photo lacks.
    """

    aspect: float
    head: Range | None = None
    eyes: Range | None = None
    crown: Range | None = None
    most_head: float | None = None
    least_eyes: float | None = None
    centred: bool = False
    levels: bool = False
    in_place: bool = False
    painted: bool = False

    @property
    def only_levels(self) -> bool:
        """Whether no size of the head and no place of the eyes is requested."""
        return self.head is None and self.eyes is None

    def narrowed(self, share: float) -> Self:
        """The same demand, whose ranges lack this share at each end."""
        most, least = self.most_head, self.least_eyes
        return replace(
            self,
            head=_narrowed(self.head, share),
            eyes=_narrowed(self.eyes, share),
            crown=_narrowed(self.crown, share),
            most_head=None if most is None else most - _margin(self.head, share),
            least_eyes=None if least is None else least + _margin(self.eyes, share),
        )


def _margin(limits: Range | None, share: float) -> float:
    return 0.0 if limits is None else share * (limits[1] - limits[0])


def _narrowed(limits: Range | None, share: float) -> Range | None:
    margin = _margin(limits, share)
    return None if limits is None else (limits[0] + margin, limits[1] - margin)


@dataclass(frozen=True, slots=True)
class Subject:
    """The person in the photo.

    Attributes:
        width: of the photo, in pixels.
        height: of the photo, in pixels.
        head: the head, in the photo's pixels.
        extent: how far the person reaches.
    """

    width: int
    height: int
    head: Head
    extent: Extent
