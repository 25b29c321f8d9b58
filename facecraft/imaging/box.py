"""A rectangle of whole pixels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """Whole pixels of a picture; x2 and y2 are exclusive. It may reach beyond the picture."""

    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def empty(self) -> bool:
        return self.x1 >= self.x2 or self.y1 >= self.y2

    @property
    def inside(self) -> tuple[slice, slice]:
        """Index of the box's pixels in a picture that contains it."""
        return slice(self.y1, self.y2), slice(self.x1, self.x2)

    def meet(self, other: "Box") -> "Box":
        """What both have in common."""
        return Box(
            max(self.x1, other.x1), max(self.y1, other.y1), min(self.x2, other.x2), min(self.y2, other.y2)
        )

    def join(self, other: "Box") -> "Box":
        """The smallest box around both."""
        return Box(
            min(self.x1, other.x1), min(self.y1, other.y1), max(self.x2, other.x2), max(self.y2, other.y2)
        )

    def grown(self, margin_px: int) -> "Box":
        """The box with a margin on each side."""
        return Box(self.x1 - margin_px, self.y1 - margin_px, self.x2 + margin_px, self.y2 + margin_px)
