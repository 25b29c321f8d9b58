"""Compare batches with one face at a time: the gain of batches, and the wait of a single face.

    python -m benchmarks.batching [--device cpu|cuda] [--batches 1 2 4] [--faces 8] [NETWORK ...]

Each face has its own thread, like a request. The weights are random, because they do not change the speed.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import perf_counter

import numpy as np

from benchmarks.networks import engine_on_cpu, network_of
from facecraft import catalogue
from facecraft.restoration.base import Restorer
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.engines.base import Engine
from facecraft.restoration.engines.torch import TorchEngine
from facecraft.runtime.device import Device, pick_device
from facecraft.types import FaceCrop

WAIT_MS = 3.0


def engine_of(name: str, device: Device) -> Engine:
    """The default engine of a device, with random weights."""
    network = network_of(name)
    if device.kind == "cuda":
        return TorchEngine(network.blank().half(), device)
    return engine_on_cpu(network, device)


def restorer_of(name: str, device: Device) -> Restorer:
    (model,) = (model for model in catalogue.restorers() if model.name == name)
    assert model.restorer is not None
    return model.restorer(model, engine_of(name, device))


def per_face_ms(restorer: Restorer, batch: int, crops: Sequence[FaceCrop]) -> float:
    """Restore all crops at the same time, through a batcher of this size."""
    batcher = BatchingRestorer(restorer, batch, WAIT_MS)
    try:
        with ThreadPoolExecutor(len(crops)) as pool:
            start = perf_counter()
            list(pool.map(lambda crop: batcher.restore([crop], [0.5]), crops))
            return (perf_counter() - start) * 1000 / len(crops)
    finally:
        batcher.close()


def single_face_ms(restorer: Restorer, batch: int, crop: FaceCrop, rounds: int) -> tuple[float, float]:
    """Restore a single face directly, and through a batcher, in turns. Return both medians."""
    batcher = BatchingRestorer(restorer, batch, WAIT_MS)
    times_ms: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for times, run in zip(times_ms, (restorer, batcher), strict=True):
            start = perf_counter()
            run.restore([crop], [0.5])
            times.append((perf_counter() - start) * 1000)
    batcher.close()
    return median(times_ms[0]), median(times_ms[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "networks", nargs="*", default=[model.name for model in catalogue.restorers()], metavar="NETWORK"
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--faces", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    device = pick_device(args.device, 0)
    pixels = np.random.default_rng(0).integers(0, 256, (args.faces, 512, 512, 3), np.uint8)
    crops = [FaceCrop(each, source_px=200) for each in pixels]
    print(f"{device.label}, {args.faces} faces at the same time, median of {args.rounds} rounds\n")
    print("| network | batch | ms a face | a single face, ms | the same through the batcher |")
    print("|---|---|---|---|---|")
    for name in args.networks:
        restorer = restorer_of(name, device)
        times_ms: dict[int, list[float]] = {batch: [] for batch in args.batches}
        for batch in args.batches:
            restorer.restore(crops[:batch], [0.5] * batch)  # allocates memory, or captures a graph
        for _ in range(args.rounds):
            for batch, times in times_ms.items():
                times.append(per_face_ms(restorer, batch, crops))
        for batch, times in times_ms.items():
            direct, batched = single_face_ms(restorer, batch, crops[0], args.rounds)
            print(f"| {name} | {batch} | {median(times):.1f} | {direct:.1f} | {batched:.1f} |", flush=True)


if __name__ == "__main__":
    main()
