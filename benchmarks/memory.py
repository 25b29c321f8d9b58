"""Measure the resident memory of each model: after loading it, and after one face or tile.

    python -m benchmarks.memory [NETWORK ...]

Each model has its own process, with the default engine of a CPU.
"""

import argparse
import multiprocessing

import numpy as np

from benchmarks.networks import engine_on_cpu, network_of
from facecraft.restoration.cleaning import TILING as CLEANING
from facecraft.restoration.engines.graphs import graph_of
from facecraft.restoration.upscaling import TILING
from facecraft.runtime.allocator import give_memory_back
from facecraft.runtime.device import pick_device
from facecraft.service.capacity.memory import resident_bytes
from facecraft.weights.store import default_graphs_dir

SIDES = {
    "facecraft-clean": [CLEANING.tile_px],
    "gfpgan-1.4": [512],
    "codeformer": [512],
    "realesrgan-x4plus": [128, TILING.tile_px],
    "realesrgan-x2plus": [TILING.tile_px],
}


def resident_mb() -> float:
    return (resident_bytes() or 0) / 1e6


def measure(name: str) -> None:
    """Print a line for each input size."""
    device = pick_device("cpu", 0)
    network = network_of(name)
    before = resident_mb()
    engine = engine_on_cpu(network, device)
    give_memory_back()
    loaded = resident_mb()
    for side in SIDES[name]:
        pixels = np.zeros((1, side, side, 3), np.uint8)
        arrays = (pixels, np.zeros(1, np.float32))[: len(network.free_axes())]
        for _ in range(3):
            engine.run(*arrays)
        after = resident_mb()
        print(
            f"| {name} | {engine.name} | {side} | {loaded - before:.0f} | {after - loaded:.0f} |", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("networks", nargs="*", default=list(SIDES), metavar="NETWORK")
    for name in SIDES:  # here, not in the measured processes
        graph_of(network_of(name), default_graphs_dir())
    print(
        "| model | engine | input, px | loaded, MB | more after runs, MB |\n|---|---|---|---|---|", flush=True
    )
    context = multiprocessing.get_context("spawn")
    for name in parser.parse_args().networks:
        process = context.Process(target=measure, args=(name,))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
