"""Count which portraits fail a rule, as they are and damaged: python -m benchmarks.limits PORTRAITS.

Each is blurred, scaled down so that its eyes are as far apart as in a small photo, and enlarged again from
there. The limits of good practice are counted, and the percentiles show where a limit would be.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from facecraft.api import Facecraft
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage, RuleResult

RULES = ("yaw", "pitch", "eyes_open", "mouth_closed", "shadows", "sharpness", "source_resolution")
SHARES = (0, 1, 5, 50, 95, 99, 100)


def blurred(photo: RGBImage, eyes_px: float) -> RGBImage:
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), 0.02 * eyes_px), np.uint8)


def small(photo: RGBImage, eyes_px: float) -> RGBImage:
    factor = 50 / eyes_px
    return np.asarray(cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def enlarged(times: int) -> Callable[[RGBImage, float], RGBImage]:
    """Scale a photo down so many times, and up again."""

    def change(photo: RGBImage, _eyes_px: float) -> RGBImage:
        size = photo.shape[1::-1]
        coarse = cv2.resize(photo, (size[0] // times, size[1] // times), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.uint8)

    return change


COPIES: Mapping[str, Callable[[RGBImage, float], RGBImage]] = {
    "as it is": lambda photo, _eyes_px: photo,
    "blurred by 2 % of the eyes' distance": blurred,
    "scaled down to 50 px between the eyes": small,
    "enlarged 4 times": enlarged(4),
    "enlarged 6 times": enlarged(6),
    "enlarged 8 times": enlarged(8),
}


def main() -> None:
    pipeline = Facecraft(device="cpu").runtime.pipeline
    photos = sorted(Path(sys.argv[1]).glob("*.jpg"))
    for name, change in COPIES.items():
        results = [rules for photo in photos for rules in judged(pipeline, photo, change)]
        print(f"\n{name}: {len(results)} portraits")
        report(results)


def judged(
    pipeline: Pipeline, path: Path, change: Callable[[RGBImage, float], RGBImage]
) -> Iterable[dict[str, RuleResult]]:
    """The rules of a changed photo by name; none if it shows no face."""
    photo = np.asarray(Image.open(path).convert("RGB"))
    faces = pipeline.models.detector.detect(photo)
    if faces:
        left, right = faces[0].landmarks[:2]
        image = Image.fromarray(change(photo, float(np.linalg.norm(right - left))))
        yield {rule.name: rule for rule in pipeline.check(image, Options()).verdict.rules}


def report(results: list[dict[str, RuleResult]]) -> None:
    """Print how many fail each rule, and the percentiles of its values."""
    for name in RULES:
        rules = [result[name] for result in results]
        failed = sum(rule.status == "fail" for rule in rules)
        values = np.percentile([rule.value for rule in rules if rule.value is not None], SHARES)
        shown = ", ".join(f"{share} %: {value:.3g}" for share, value in zip(SHARES, values, strict=True))
        print(f"  {name:18} {failed:4} fail  {shown}")


if __name__ == "__main__":
    main()
