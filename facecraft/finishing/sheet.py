"""Paper filled with copies of a portrait and cut marks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecraft.errors import InvalidOption
from facecraft.option_fields import Layout
from facecraft.types import RGBImage

MM_PER_INCH = 25.4
PAPERS_MM: Mapping[Layout, tuple[float, float]] = {
    "4x6in": (101.6, 152.4),
    "5x7in": (127, 177.8),
    "10x15cm": (100, 150),
    "13x18cm": (130, 180),
    "a6": (105, 148),
    "a5": (148, 210),
    "a4": (210, 297),
    "letter": (215.9, 279.4),
}
"""Shorter and longer side."""
PHOTO_PAPERS: frozenset[Layout] = frozenset(("4x6in", "5x7in", "10x15cm", "13x18cm"))
"""Papers that labs and photo printers print without a border."""
BORDER_MM = 2.0
"""Smallest border around the copies, unless they touch. With this border and the gap, eight portraits of
35 x 45 mm fit on 10 x 15 cm."""
GAP_MM = 1.0
"""Space between the copies, if none is requested."""
MARK_MM = 1.0
MARK_LEVEL = 110
WHITE = 255


@dataclass(frozen=True, slots=True)
class Sheet:
    """The layout of copies on paper, in pixels. `gap` is the space between them."""

    width: int
    height: int
    columns: int
    rows: int
    gap: int

    @property
    def copies(self) -> int:
        return self.columns * self.rows


def plan(layout: Layout, width: int, height: int, dpi: int, gap_mm: float | None = None) -> Sheet:
    """Choose the orientation that fits more copies; upright if both are equal.

    Args:
        layout: the paper.
        width: of the portrait, in pixels.
        height: of the portrait, in pixels.
        dpi: of the paper, in pixels per inch.
        gap_mm: space between the copies; 0 if they touch. None for GAP_MM, or on photo paper for 0 if more
            copies fit then.

    Raises:
        InvalidOption: no copy fits.
    """
    short, long = (round(side * dpi / MM_PER_INCH) for side in PAPERS_MM[layout])
    gaps_mm = (gap_mm,) if gap_mm is not None else (GAP_MM, 0.0) if layout in PHOTO_PAPERS else (GAP_MM,)
    sheets = []
    for gap, border in ((_px(each, dpi), _px(BORDER_MM if each else 0, dpi)) for each in gaps_mm):
        for wide, high in ((short, long), (long, short)):
            columns, rows = (
                max(0, (paper - 2 * border + gap) // (side + gap))
                for paper, side in ((wide, width), (high, height))
            )
            sheets.append(Sheet(wide, high, columns, rows, gap))
    best = max(sheets, key=lambda sheet: sheet.copies)
    if best.copies == 0:
        raise InvalidOption(
            f"A portrait of {width} x {height} pixels at {dpi} dpi does not fit on {layout}.",
            hint="Choose larger paper, a higher dpi, or a smaller portrait.",
        )
    return best


def lay_out(sheet: Sheet, portrait: RGBImage, dpi: int) -> RGBImage:
    """Draw the sheet, (sheet.height, sheet.width, 3) uint8, with the copies in its middle."""
    height, width = portrait.shape[:2]
    gap, mark, line = sheet.gap, _px(MARK_MM, dpi), max(1, dpi // 300)
    paper = np.full((sheet.height, sheet.width, 3), WHITE, np.uint8)
    left = (sheet.width - sheet.columns * (width + gap) + gap) // 2
    top = (sheet.height - sheet.rows * (height + gap) + gap) // 2
    lefts = [left + column * (width + gap) for column in range(sheet.columns)]
    tops = [top + row * (height + gap) for row in range(sheet.rows)]
    edges_x = [edge for x in lefts for edge in (x - line, x + width)]
    edges_y = [edge for y in tops for edge in (y - line, y + height)]
    for x in edges_x:
        _mark_columns(paper, x, line, [(y - mark, y + mark + line) for y in edges_y])
    for y in edges_y:
        _mark_columns(paper.swapaxes(0, 1), y, line, [(x - mark, x + mark + line) for x in edges_x])
    for y in tops:
        for x in lefts:
            paper[y : y + height, x : x + width] = portrait
    return paper


def _px(mm: float, dpi: int) -> int:
    return round(mm * dpi / MM_PER_INCH)


def _mark_columns(paper: NDArray[np.uint8], at: int, line: int, spans: list[tuple[int, int]]) -> None:
    for start, end in spans:
        paper[max(start, 0) : max(end, 0), max(at, 0) : max(at + line, 0)] = MARK_LEVEL
