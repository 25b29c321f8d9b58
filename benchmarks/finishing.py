"""Measure the steps of finishing for a portrait of 1024 px: python -m benchmarks.finishing.

The photo has 2048 px, and all steps are on. Other stages (decode, detect, restore, encode) are not counted.
"""

from statistics import median

import cv2
import numpy as np

from facecraft.api import Facecraft
from facecraft.checks.bench.measure import PHOTO
from facecraft.imaging import codec
from facecraft.imaging.limits import Limits
from facecraft.imaging.picture import Picture
from facecraft.options import Options

RUNS = 30
STEPS = ("landmarks", "extent", "frame", "background", "tone", "mask", "verdict")


def main() -> None:
    pipeline = Facecraft(device="cpu").runtime.pipeline
    limits = Limits(upload_bytes=20_000_000, pixels=40_000_000, frames=1, scans=100)
    photo, _ = codec.decode(PHOTO.read_bytes(), limits)
    large = cv2.resize(photo.rgb, (2048, 2048), interpolation=cv2.INTER_CUBIC)
    data = codec.encode(Picture(np.asarray(large, np.uint8)), "jpeg", 92)
    options = Options(
        width=1024,
        height=1024,
        head=0.5,
        align=True,
        background="white",
        tone="auto",
        mask="oval",
        restorer="none",
    )
    runs = [pipeline.process(data, options, judge=True).timings_ms for _ in range(RUNS)][3:]
    medians = {step: median(run[step] for run in runs) for step in STEPS}
    for step, ms in medians.items():
        print(f"{step:12s} {ms:6.1f} ms")
    finishing = sum(ms for step, ms in medians.items() if step != "verdict")
    print(f"{'finishing':12s} {finishing:6.1f} ms, with the verdict {finishing + medians['verdict']:.1f}")


if __name__ == "__main__":
    main()
