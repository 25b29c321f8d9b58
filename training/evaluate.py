"""Measure SSIM, PSNR and GMSD by damage, for the head and the whole photo, on portraits outside of training.

    python -m training.evaluate PORTRAITS WEIGHTS [--numbers 270 299] [--side 640]

The damages have fixed seeds, so that the values of two networks can be compared. SSIM alone rewards
smoothing: any smoothing achieves most of a noisy photo's gain. So compare all three values, and look at the
pictures.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from facecraft.restoration.nets.cleaner import Cleaner
from training import data, weights
from training.probe import cleaned
from training.quality import DAMAGES, Damage, Scores, around_head, damage, score

_SEED = 100


def compare(net: Cleaner, photos: Sequence[data.RGBImage], how: Damage) -> str:
    """A row of the table: each value before and after cleaning."""
    before: list[tuple[Scores, Scores]] = []
    after: list[tuple[Scores, Scores]] = []
    for seed, photo in enumerate(photos, _SEED):
        damaged = damage(photo, how, seed)
        before.append(_head_and_photo(damaged, photo))
        after.append(_head_and_photo(cleaned(net, damaged), photo))
    cells = [how.name]
    for region in (0, 1):
        for key, places in (("ssim", 3), ("psnr", 1), ("gmsd", 3)):
            means = (
                float(np.mean([getattr(pair[region], key) for pair in side])) for side in (before, after)
            )
            cells.append(" to ".join(f"{mean:.{places}f}" for mean in means))
    return "| " + " | ".join(cells) + " |"


def _head_and_photo(photo: data.RGBImage, clean: data.RGBImage) -> tuple[Scores, Scores]:
    return score(around_head(photo), around_head(clean)), score(photo, clean)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser("training.evaluate", description="Measure weights on portraits.")
    parser.add_argument("portraits", type=Path)
    parser.add_argument(
        "weights", type=Path, help="an exported .safetensors, a checkpoint, or a run's folder"
    )
    parser.add_argument("--numbers", type=int, nargs=2, default=(270, 299), metavar=("FIRST", "LAST"))
    parser.add_argument("--side", type=int, default=640, help="scale the photos down to this many px")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    if options.threads:
        torch.set_num_threads(options.threads)
    net = weights.load(options.weights).eval()
    first, last = options.numbers
    photos = data.load(options.portraits, first, last, options.side)
    print("| damage | head SSIM | PSNR | GMSD | photo SSIM | PSNR | GMSD |\n|---|---|---|---|---|---|---|")
    for how in DAMAGES:
        print(compare(net, photos, how), flush=True)


if __name__ == "__main__":
    main()
