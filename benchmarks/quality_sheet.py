"""Draw pictures in rows and columns on one sheet, with labels."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from facecraft.types import RGBImage

WIDTH_PX, HEIGHT_PX, GAP_PX, LABEL_PX = 320, 410, 8, 20
PAPER, INK = "#f4f2ee", "#222222"


@dataclass(frozen=True)
class Tile:
    """A picture with a label below."""

    picture: RGBImage
    label: str


@dataclass(frozen=True)
class Row:
    """Pictures side by side, with a label above."""

    label: str
    tiles: tuple[Tile, ...]


def draw(rows: Sequence[Row], columns: Sequence[str]) -> Image.Image:
    """Draw the sheet. Pictures are scaled to fit into tiles.

    Args:
        rows: each with one tile for each column.
        columns: their names, which are drawn above the first row.
    """
    step_x, step_y = WIDTH_PX + GAP_PX, HEIGHT_PX + 2 * LABEL_PX + GAP_PX
    size = (GAP_PX + len(columns) * step_x, GAP_PX + LABEL_PX + len(rows) * step_y)
    sheet = Image.new("RGB", size, PAPER)
    write, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for column, name in enumerate(columns):
        write.text((GAP_PX + column * step_x, GAP_PX), name, INK, font)
    for index, row in enumerate(rows):
        top = GAP_PX + LABEL_PX + index * step_y
        write.text((GAP_PX, top), row.label, INK, font)
        for column, tile in enumerate(row.tiles):
            left = GAP_PX + column * step_x
            sheet.paste(_fitted(tile.picture), (left, top + LABEL_PX))
            write.text((left, top + LABEL_PX + HEIGHT_PX + 2), tile.label, INK, font)
    return sheet


def _fitted(picture: RGBImage) -> Image.Image:
    image = Image.fromarray(picture)
    scale = min(WIDTH_PX / image.width, HEIGHT_PX / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)
