r"""Compare the official steps of GFPGAN with ours, for the same photo and the same random weights, on a CPU.

    pip install --no-deps --no-build-isolation --target /tmp/official \
        gfpgan==1.3.8 facexlib==0.3.0 basicsr==1.4.2 torchvision==0.28.0 lmdb numba llvmlite filterpy
    PYTHONPATH=/tmp/official python -m benchmarks.official [PHOTO] [--rounds 5] [--engine auto] [--threads 0]

Run it in the environment that `make lint` installs, after `make models`. Each release of torchvision belongs
to one of torch: 0.28.0 to 2.13.0. The default photo is in the package; it has one face.

From a JPEG to a JPEG of the same size, the official steps are: RetinaFace with ResNet-50 (facexlib),
alignment, the network (gfpgan), ParseNet for the mask (facexlib), and pasting. Ours have the default
detector. The weights are random, because they do not change the speed. A random RetinaFace finds no face: it
runs, and the faces that ours found take the place of its result. Both run in one process, in turns, with as
many threads.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import get_args

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.official_steps import OfficialRun, OfficialSteps, import_torchvision, write_weights
from facecraft.api import Facecraft
from facecraft.checks.bench.measure import PHOTO
from facecraft.options import Options
from facecraft.runtime.device import pick_device
from facecraft.settings import Settings
from facecraft.types import Face, FaceCrop
from facecraft.weights.lockfile import Lock, default_lock_path, load_lock
from facecraft.weights.store import digest

NAME = "gfpgan-1.4"
QUALITY = 92
STAGES = ("decode", "detect", "align", "restore", "parse", "paste", "encode")

TimingsMs = Mapping[str, float]


def our_steps(folder: Path, checkpoint: Path, engine: str, threads: int) -> Facecraft:
    """Load the default models, and GFPGAN from this checkpoint.

    Args:
        folder: gets the models and the graphs.
        checkpoint: in `folder`, with the name that models.lock has for GFPGAN's file.
        engine: as in Settings.
        threads: as in Settings.
    """
    lock = load_lock(default_lock_path())
    entry = replace(lock.named(NAME), bytes=checkpoint.stat().st_size, sha256=digest(checkpoint))
    environment = Settings.load()
    for path in environment.models_dir.iterdir():
        if path.name != checkpoint.name:
            (folder / path.name).symlink_to(path.resolve())
    settings = environment.model_copy(
        update={
            "models_dir": folder,
            "graphs_dir": folder / "graphs",
            "restorer": NAME,
            "upscaler": "none",
            "engine": engine,
            "device": "cpu",
            "threads": threads,
        }
    )
    return Facecraft(settings=settings, lock=Lock({**lock.models, NAME: entry}))


def scaled(photo: Path, side_px: int) -> bytes:
    """The photo as a JPEG whose longer side has this many pixels."""
    image = cv2.imread(str(photo), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"{photo} is no picture.")
    factor = side_px / max(image.shape[:2])
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(image, None, fx=factor, fy=factor, interpolation=how)
    return cv2.imencode(".jpg", resized, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def detections(faces: Sequence[Face]) -> NDArray[np.float32]:
    """Faces as facexlib's detector gives them."""
    rows = [(*face.bbox, face.score, *face.landmarks.flat) for face in faces]
    return np.array(rows, np.float32).reshape(-1, 15)


def ours_ms(ours: Facecraft, jpeg: bytes) -> TimingsMs:
    """Restore a photo with our steps; milliseconds by stage."""
    portrait = ours.process(jpeg, Options(restorer=NAME, format="jpeg", quality=QUALITY), judge=False)
    assert portrait.restored == len(portrait.faces)
    return portrait.timings_ms


def difference(ours: Facecraft, official: OfficialRun) -> float:
    """How far our network's result for the official aligned face is from the official one, in levels."""
    crop = FaceCrop(np.ascontiguousarray(official.aligned), source_px=512)
    (square,) = ours.runtime.pipeline.models.restorers[NAME].restore([crop], [0.5])
    return float(np.abs(square.astype(np.float32) - official.restored).mean())


def total(timings_ms: TimingsMs) -> float:
    return sum(timings_ms.values())


def report(official: Sequence[TimingsMs], ours: Sequence[TimingsMs]) -> None:
    """Print the stages of each side's best round, and how many times as fast ours are."""
    best = [min(rounds, key=total) for rounds in (official, ours)]
    print("| step, ms | official | ours |\n|---|---|---|")
    for stage in dict.fromkeys((*STAGES, *best[1])):
        cells = [f"{side[stage]:.0f}" if stage in side else "—" for side in best]
        print(f"| {stage} | {' | '.join(cells)} |")
    sums = [total(side) for side in best]
    print(f"| all | {sums[0]:.0f} | {sums[1]:.0f} |")
    ratios = [total(left) / total(right) for left, right in zip(official, ours, strict=True)]
    print(f"\n{sums[0] / sums[1]:.1f} times as fast; in the rounds {median(ratios):.1f} as the median")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("photo", nargs="?", type=Path, default=PHOTO)
    parser.add_argument("--side", type=int, default=1024, help="the photo's longer side, in pixels")
    parser.add_argument("--rounds", type=int, default=5)
    engines = get_args(Settings.model_fields["engine"].annotation)
    parser.add_argument("--engine", choices=engines, default="auto")
    parser.add_argument("--threads", type=int, default=0, help="0: one for each processor")
    args = parser.parse_args()
    jpeg = scaled(args.photo, args.side)
    torch.set_num_threads(pick_device("cpu", args.threads).threads)
    import_torchvision()
    with TemporaryDirectory() as folder:
        checkpoint = Path(folder) / load_lock(default_lock_path()).named(NAME).file
        write_weights(Path(folder), checkpoint)
        with our_steps(Path(folder), checkpoint, args.engine, args.threads) as ours:
            faces = ours.detect(jpeg).faces
            official = OfficialSteps(Path(folder), checkpoint, detections(faces), QUALITY)
            levels = difference(ours, official.run(jpeg))  # this is also the first run, which is not counted
            ours_ms(ours, jpeg)
            print(f"{ours.runtime.device}, engine {args.engine}, {args.side} px, faces: {len(faces)}")
            print(f"the networks' results differ by {levels:.2f} levels on average", flush=True)
            rounds = []
            for number in range(1, args.rounds + 1):
                rounds.append((official.run(jpeg).timings_ms, ours_ms(ours, jpeg)))
                totals = [f"{total(timings_ms):.0f}" for timings_ms in rounds[-1]]
                print(f"round {number}: {totals[0]} and {totals[1]} ms", flush=True)
    print("\nthe best round of each side:\n")
    report(*zip(*rounds, strict=True))


if __name__ == "__main__":
    main()
