"""The inputs and the output of a network."""

from dataclasses import dataclass
from typing import Literal

FurtherInput = Literal["fidelity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The inputs and the output of a network.

    The first input is RGB, (N, 3, H, W) float. The output is RGB too, in the same range.

    Attributes:
        side_px: H and W; if `any_side` is true, of the sample for exporting a graph.
        black: value of a black pixel.
        white: value of a white pixel.
        any_side: whether H and W are free.
        takes: the further inputs, each (N,) float32, with the names of their options.
    """

    side_px: int
    black: float
    white: float = 1
    any_side: bool = False
    takes: tuple[FurtherInput, ...] = ()

    def __post_init__(self) -> None:
        if self.side_px < 1:
            raise ValueError(f"side_px is {self.side_px}, but must be 1 or more.")
        if self.black >= self.white:
            raise ValueError(f"black is {self.black}, but must be below white, {self.white}.")

    @property
    def span(self) -> float:
        """Difference between white and black."""
        return self.white - self.black
