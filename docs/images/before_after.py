"""The picture in the README: python docs/images/before_after.py [OUT.jpg].

The astronaut (NASA, public domain) with noise and JPEG damage, her face before and after restoration, and the
badge that is made of the same photo, all with the default models.
"""

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from facecraft import Facecraft
from facecraft.checks.bench.measure import PHOTO

OUT = Path(__file__).parent / "before-after.jpg"
NOISE_LEVELS, JPEG_QUALITY = 12, 40
HEIGHT_PX, GAP_PX = 360, 8
FACE = (150, 20, 310, 180)
"""Left, top, right and bottom of the close-ups, in pixels of the photo."""


def damaged(photo: Image.Image) -> bytes:
    """The photo with Gaussian noise, as a JPEG of low quality."""
    clean = np.asarray(photo.convert("RGB"), np.float64)
    noisy = clean + np.random.default_rng(1).normal(0, NOISE_LEVELS, clean.shape)
    buffer = io.BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def in_a_row(pictures: list[Image.Image]) -> Image.Image:
    """The pictures side by side at one height."""
    scaled = [
        each.resize((round(each.width * HEIGHT_PX / each.height), HEIGHT_PX), Image.Resampling.LANCZOS)
        for each in pictures
    ]
    width = sum(each.width for each in scaled) + GAP_PX * (len(scaled) - 1)
    row, left = Image.new("RGB", (width, HEIGHT_PX), "white"), 0
    for each in scaled:
        row.paste(each, (left, 0))
        left += each.width + GAP_PX
    return row


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    with Image.open(PHOTO) as photo:
        before = damaged(photo)
    with Facecraft(device="cpu") as facecraft:
        after = facecraft.process(before).image
        badge = facecraft.process(before, preset="badge").image
    shown = Image.open(io.BytesIO(before)).convert("RGB")
    in_a_row([shown, shown.crop(FACE), after.crop(FACE), badge]).save(out, quality=88)


if __name__ == "__main__":
    main()
