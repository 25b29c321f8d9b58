"""Draw a portrait with every preset on one sheet: python -m benchmarks.contact_sheet OUT.jpg [PHOTO].

The default photo is in the package.
"""

import io
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from facecraft.api import Facecraft
from facecraft.checks.bench.measure import PHOTO
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import Verdict

COLUMNS, TILE, TEXT = 7, 160, 34
PAPER, INK, EDGE = "#f4f2ee", "#222222", "#b8b4ac"


def main() -> None:
    out, photo = Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else PHOTO
    pipeline = Facecraft(device="cpu").runtime.pipeline
    data = photo.read_bytes()
    tiles = [_tile(Image.open(photo), ("the photo", ""))]
    tiles += [_finished(pipeline, data, name) for name in pipeline.presets]
    rows = -(-len(tiles) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (TILE + 16) + 16, rows * (TILE + TEXT + 16) + 16), PAPER)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, COLUMNS)
        sheet.paste(tile, (16 + column * (TILE + 16), 16 + row * (TILE + TEXT + 16)))
    sheet.save(out, quality=82)
    print(f"{len(tiles) - 1} presets in {out}, {sheet.width} x {sheet.height} pixels")


def _finished(pipeline: Pipeline, data: bytes, name: str) -> Image.Image:
    portrait = pipeline.process(data, Options(preset=name))
    summary = f"{portrait.width} x {portrait.height}" + (", restored" if portrait.restored else "")
    print(name, summary, [note.code for note in portrait.notes], _failed(portrait.verdict))
    return _tile(Image.open(io.BytesIO(portrait.data)), (name, summary))


def _failed(verdict: Verdict | None) -> list[str]:
    return [rule.name for rule in verdict.rules if rule.status == "fail"] if verdict else []


def _tile(picture: Image.Image, lines: tuple[str, str]) -> Image.Image:
    tile = Image.new("RGB", (TILE, TILE + TEXT), PAPER)
    shown = picture.convert("RGB")
    scale = min(TILE / shown.width, TILE / shown.height)
    shown = shown.resize((round(shown.width * scale), round(shown.height * scale)), Image.Resampling.LANCZOS)
    left = (TILE - shown.width) // 2
    tile.paste(shown, (left, TILE - shown.height))
    draw = ImageDraw.Draw(tile)
    draw.rectangle((left, TILE - shown.height, left + shown.width - 1, TILE - 1), outline=EDGE)
    for index, line in enumerate(lines):
        draw.text((left, TILE + 4 + 14 * index), line, INK, ImageFont.load_default(12))
    return tile


if __name__ == "__main__":
    main()
