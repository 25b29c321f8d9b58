"""Compare strategies of restoration on damaged portraits: SSIM, PSNR, GMSD, milliseconds, a contact sheet.

    python -m benchmarks.quality PORTRAITS [--numbers 270 299] [--side 640] [--damages "JPEG 25" ...]
        [--strategies restorer=none restorer=auto restorer=codeformer,fidelity=0.7 opencv] [--sheet sheet.png]

PORTRAITS has numbered pictures, 000.jpg and so on. A strategy is a list of options, or `opencv`, which is
OpenCV's non-local means. The damages are those of training/quality.py; a portrait's number is their seed.
Whatever was last saved as a JPEG is given as that file, because its tables tell its quality.

The head is a box 1.7 times as wide and as high as the face that is found in the clean portrait. The time is
the median of all steps without decoding and encoding. The gain over the damaged portrait is in brackets.
"""

import argparse
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from statistics import fmean, median
from time import perf_counter

import cv2
import numpy as np
from PIL import Image

from benchmarks.quality_sheet import Row, Tile, draw
from facecraft.api import Facecraft
from facecraft.errors import InvalidOption
from facecraft.options import Options
from facecraft.types import Face, RGBImage
from training import data
from training.quality import DAMAGES, Damage, Scores, damage, score

OPENCV = "opencv"
OPENCV_STRENGTH = 5
HEAD = 1.7  # faces
DAMAGES_BY_NAME = {how.name: how for how in DAMAGES}
VALUES = (("ssim", 3), ("psnr", 1), ("gmsd", 3))
OF_REGIONS = ("head SSIM", "PSNR", "GMSD", "photo SSIM", "PSNR", "GMSD")
HEADER = ("damage", "strategy", *OF_REGIONS, "unchanged", "no face", "ms")


@dataclass(frozen=True)
class Sample:
    """A clean portrait.

    Attributes:
        head: rows and columns around its largest face.
    """

    number: int
    clean: RGBImage
    head: tuple[slice, slice]


@dataclass(frozen=True)
class Strategy:
    """What is done to a photo.

    Attributes:
        options: None for OpenCV.
    """

    name: str
    options: Options | None


@dataclass(frozen=True)
class Result:
    """What a strategy made of a photo.

    Attributes:
        ms: without decoding and encoding.
        face: whether a face was found; None if none was looked for.
    """

    photo: RGBImage
    ms: float | None
    face: bool | None


@dataclass(frozen=True)
class Measure:
    """A result, measured against the clean portrait.

    Attributes:
        unchanged: whether it is the damaged photo, to the last bit.
    """

    head: Scores
    photo: Scores
    unchanged: bool
    ms: float | None
    face: bool | None


def parse_strategy(text: str) -> Strategy:
    """Read `opencv`, or options as in `restorer=codeformer,fidelity=0.7`."""
    if text == OPENCV:
        return Strategy(text, None)
    fields = dict(part.partition("=")[::2] for part in text.split(","))
    try:
        return Strategy(text, Options.parse({**fields, "require_face": False, "format": "png"}))
    except InvalidOption as error:
        raise argparse.ArgumentTypeError(error.detail) from error


def head_of(face: Face, width: int, height: int) -> tuple[slice, slice]:
    """Rows and columns of a picture around a face."""
    middle, half = (face.bbox[:2] + face.bbox[2:]) / 2, (face.bbox[2:] - face.bbox[:2]) * HEAD / 2
    left, top = np.maximum(middle - half, 0).round().astype(int)
    right, bottom = np.minimum(middle + half, (width, height)).round().astype(int)
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def samples(facecraft: Facecraft, folder: Path, numbers: range, side: int) -> Iterator[Sample]:
    """Load portraits. Those without a face are left out, and that is printed."""
    for number in numbers:
        for clean in data.load(folder, number, number, side):
            height, width = clean.shape[:2]
            faces = facecraft.detect(clean).faces
            if faces:
                yield Sample(number, clean, head_of(faces[0], width, height))
            else:
                print(f"{number:03d} is left out: no face was found.")


def damaged_file(clean: RGBImage, how: Damage, seed: int) -> bytes:
    """Damage a portrait. The file is a JPEG if that is the damage's last step, else a PNG."""
    last = how.quality > 0 and how.scale == 1
    photo = damage(clean, replace(how, quality=0) if last else how, seed)
    suffix, settings = (".jpg", [cv2.IMWRITE_JPEG_QUALITY, how.quality]) if last else (".png", [])
    return cv2.imencode(suffix, cv2.cvtColor(photo, cv2.COLOR_RGB2BGR), settings)[1].tobytes()


def apply(strategy: Strategy, facecraft: Facecraft, file: bytes, photo: RGBImage) -> Result:
    if strategy.options is None:
        start = perf_counter()
        bgr = cv2.cvtColor(photo, cv2.COLOR_RGB2BGR)
        cleaned = cv2.fastNlMeansDenoisingColored(bgr, None, OPENCV_STRENGTH, OPENCV_STRENGTH)
        rgb = cv2.cvtColor(cleaned, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
        return Result(rgb, (perf_counter() - start) * 1000, None)
    portrait = facecraft.process(file, strategy.options, judge=False)
    ms = sum(ms for stage, ms in portrait.timings_ms.items() if stage not in {"decode", "encode"})
    rgb = np.array(portrait.image.convert("RGB"))
    if rgb.shape != photo.shape:
        raise SystemExit(f"{strategy.name} changes the size of the photo, which cannot be measured.")
    return Result(rgb, ms, bool(portrait.faces))


def measured(result: Result, damaged: RGBImage, sample: Sample) -> Measure:
    head = score(result.photo[sample.head], sample.clean[sample.head])
    unchanged = np.array_equal(result.photo, damaged)
    return Measure(head, score(result.photo, sample.clean), unchanged, result.ms, result.face)


def compare(
    facecraft: Facecraft, portraits: Sequence[Sample], how: Damage, strategies: Sequence[Strategy]
) -> tuple[list[list[Measure]], list[Row]]:
    """Damage and restore portraits.

    Returns:
        The measures of the damaged photos and of each strategy, and the rows of the sheet.
    """
    measures: list[list[Measure]] = [[] for _ in range(len(strategies) + 1)]
    rows = []
    for sample in portraits:
        file = damaged_file(sample.clean, how, sample.number)
        damaged = np.array(Image.open(io.BytesIO(file)).convert("RGB"))
        results = [Result(damaged, None, None)]
        results += [apply(strategy, facecraft, file, damaged) for strategy in strategies]
        tiles = []
        for result, column in zip(results, measures, strict=True):
            column.append(measured(result, damaged, sample))
            tiles.append(Tile(result.photo[sample.head], f"SSIM {column[-1].head.ssim:.3f}"))
        tiles.append(Tile(sample.clean[sample.head], ""))
        rows.append(Row(f"{sample.number:03d}: {how.name}", tuple(tiles)))
    return measures, rows


def line(how: Damage, name: str, measures: Sequence[Measure], before: Sequence[Measure]) -> str:
    """A row of the table. `before` are the measures of the damaged photos."""
    cells = [how.name, name]
    for region in ("head", "photo"):
        for key, places in VALUES:
            mean, damaged = (_mean(side, region, key) for side in (measures, before))
            gain = mean - damaged
            told = measures is not before and isfinite(gain)  # PSNR is infinite where nothing differs
            cells.append(f"{mean:.{places}f}" + (f" ({gain:+.{places}f})" if told else ""))
    faces, times = [each.face for each in measures], [each.ms for each in measures if each.ms is not None]
    cells.append(str(sum(each.unchanged for each in measures)))
    cells.append("—" if None in faces else str(faces.count(False)))
    cells.append(f"{median(times):.0f}" if times else "—")
    return f"| {' | '.join(cells)} |"


def _mean(measures: Sequence[Measure], region: str, key: str) -> float:
    return fmean(getattr(getattr(each, region), key) for each in measures)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("portraits", type=Path)
    parser.add_argument("--numbers", type=int, nargs=2, default=(270, 299), metavar=("FIRST", "LAST"))
    parser.add_argument("--side", type=int, default=640, help="scale the portraits down to this many px")
    parser.add_argument("--damages", nargs="+", choices=DAMAGES_BY_NAME, default=list(DAMAGES_BY_NAME))
    defaults = [parse_strategy(text) for text in ("restorer=none", "restorer=auto")]
    parser.add_argument("--strategies", nargs="+", type=parse_strategy, default=defaults, metavar="OPTIONS")
    parser.add_argument("--sheet", type=Path, help="a PNG with a row for each portrait and damage")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    args = parser().parse_args(arguments)
    columns = ("damaged", *(strategy.name for strategy in args.strategies))
    rows: list[Row] = []
    with Facecraft(device="cpu") as facecraft:
        first, last = args.numbers
        portraits = list(samples(facecraft, args.portraits, range(first, last + 1), args.side))
        if not portraits:
            raise SystemExit(f"{args.portraits} has no portraits from {first:03d}.jpg to {last:03d}.jpg.")
        print(f"{len(portraits)} portraits, {args.side} px, {facecraft.runtime.device}\n")
        print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
        for name in args.damages:
            how = DAMAGES_BY_NAME[name]
            measures, more = compare(facecraft, portraits, how, args.strategies)
            for column, values in zip(columns, measures, strict=True):
                print(line(how, column, values, measures[0]), flush=True)
            rows += more if args.sheet else []
    if args.sheet:
        draw(rows, (*columns, "clean")).save(args.sheet)
        print(f"\n{len(rows)} rows in {args.sheet}")


if __name__ == "__main__":
    main()
