"""Settings and models.lock in, a verified and warmed pipeline out."""

import gc
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from facecraft.detection.base import Detector
from facecraft.detection.centerface import CenterFace
from facecraft.detection.facemesh import FaceMesh
from facecraft.detection.refined import RefinedDetector
from facecraft.errors import SettingInvalid
from facecraft.imaging.codec import Limits
from facecraft.matting.segmenters import ModNet, Segmenter, SelfieSegmentation
from facecraft.pipeline.models import Models
from facecraft.pipeline.pipeline import Pipeline
from facecraft.presets import presets
from facecraft.restoration.base import Restorer
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.codeformer import CodeFormer
from facecraft.restoration.engines.base import Engine
from facecraft.restoration.engines.graphs import graph_of
from facecraft.restoration.engines.onnx import OnnxEngine
from facecraft.restoration.engines.torch import TorchEngine
from facecraft.restoration.gfpgan import GFPGAN
from facecraft.restoration.networks import NETWORKS
from facecraft.restoration.realesrgan import RealESRGAN
from facecraft.restoration.upscaling import Upscaler
from facecraft.runtime.allocator import give_memory_back
from facecraft.runtime.device import Device, computes_bfloat16, pick_device
from facecraft.settings import Settings
from facecraft.types import FaceCrop
from facecraft.weights.lockfile import Lock, ModelEntry
from facecraft.weights.store import verify

Paths = Mapping[str, Path]
"""Verified files by the name of their model."""


def _centerface(paths: Paths, device: Device, mesh: FaceMesh) -> Detector:
    return RefinedDetector(CenterFace(paths["centerface"], device.onnx_providers, device.threads), mesh)


def _scrfd(name: str) -> Callable[[Paths, Device, FaceMesh], Detector]:
    def build(paths: Paths, device: Device, _mesh: FaceMesh) -> Detector:
        # Imported here: insightface takes a second, which those who don't use it need not wait for.
        from facecraft.detection.scrfd import Scrfd  # noqa: PLC0415

        return Scrfd(name, paths[name], device.onnx_providers)

    return build


# How each name of a setting is built. All but the detectors stand best first.
DETECTORS: Mapping[str, Callable[[Paths, Device, FaceMesh], Detector]] = {
    "centerface": _centerface,
    "scrfd-10g": _scrfd("scrfd-10g"),
    "scrfd-500m": _scrfd("scrfd-500m"),
}
SEGMENTERS: Mapping[str, Callable[[Path, Device], Segmenter]] = {
    "modnet": lambda path, device: ModNet(path, device.onnx_providers, device.threads),
    "selfie-segmentation": lambda path, _device: SelfieSegmentation(path),
}
RESTORERS: Mapping[str, Callable[[Engine], Restorer]] = {
    "gfpgan-1.4": GFPGAN,
    "codeformer": CodeFormer,
    "realesrgan-x4plus": RealESRGAN,
}
UPSCALERS: Mapping[str, int] = {"realesrgan-x2plus": 2, "realesrgan-x4plus": 4}
"""How many times each enlarges."""
MESH = "facemesh"
DEFAULT_DETECTOR = "centerface"
DEFAULT_SEGMENTER = "selfie-segmentation"
DEFAULT_RESTORER = "realesrgan-x4plus"
DEFAULT_DEADLINE_S: Mapping[str, float] = {"cpu": 30, "cuda": 10}
DEFAULT_BATCH: Mapping[str, int] = {"cpu": 1, "cuda": 8}
"""By kind of device. On a CPU faces together take as long as one by one: benchmarks/batching.py."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What serves.

    Attributes:
        device: where it runs, in words.
        models: what was loaded.
        workers: how many portraits at once keep the device busy.
        deadline_s: after which nobody waits for a portrait any more.
        growing: how many networks may take more memory than in their warm-up, for larger inputs.
    """

    pipeline: Pipeline
    device: str
    models: tuple[ModelEntry, ...]
    workers: int
    deadline_s: float
    growing: int


def load(settings: Settings, lock: Lock) -> Runtime:
    """Verify the models that the settings name, load them, and run each once.

    Raises:
        StartupError: a file is missing or not the one of models.lock, a licence forbids its use, or there is
            no such device.
    """
    device = pick_device(settings.device, settings.threads)
    torch.backends.cudnn.allow_tf32 = settings.precision == "auto"  # the shortened float32 of GPUs
    detector_name = DEFAULT_DETECTOR if settings.detector == "auto" else settings.detector
    restorer_names = _chosen(settings.restorer, RESTORERS, settings, lock) or (DEFAULT_RESTORER,)
    upscaler_names = _chosen(settings.upscaler, UPSCALERS, settings, lock)
    segmenter_name = (_chosen(settings.matting, SEGMENTERS, settings, lock) or (DEFAULT_SEGMENTER,))[0]
    network_names = dict.fromkeys((*restorer_names, *upscaler_names))
    entries = tuple(lock.named(name) for name in (detector_name, MESH, segmenter_name, *network_names))
    for entry in entries:
        _check_licence(entry, settings.license)
    paths = {entry.name: verify(entry, settings.models_dir) for entry in entries}
    mesh = FaceMesh(paths[MESH])
    engines = {name: _engine(name, paths[name], device, settings) for name in network_names}
    max_batch = settings.max_batch or DEFAULT_BATCH[device.kind]
    models = Models(
        detector=DETECTORS[detector_name](paths, device, mesh),
        mesh=mesh,
        segmenter=SEGMENTERS[segmenter_name](paths[segmenter_name], device),
        restorers={
            name: BatchingRestorer(RESTORERS[name](engines[name]), max_batch, settings.max_wait_ms)
            for name in restorer_names
        },
        upscalers=_upscalers({name: engines[name] for name in upscaler_names}),
    )
    _warm(models, max_batch)
    gc.collect()
    give_memory_back()  # as much as the weights again
    limits = Limits(
        upload_bytes=settings.max_upload_bytes,
        pixels=settings.max_pixels,
        frames=settings.max_frames,
        scans=settings.max_scans,
    )
    pipeline = Pipeline(models, presets.load(), limits)
    return Runtime(
        pipeline,
        device.label,
        entries,
        workers=settings.workers or 2 * max_batch,
        deadline_s=settings.deadline_s or DEFAULT_DEADLINE_S[device.kind],
        growing=sum(NETWORKS[name].any_side for name in network_names),
    )


def _chosen(wanted: str, known: Iterable[str], settings: Settings, lock: Lock) -> tuple[str, ...]:
    """What to load, best first: what is named, or each one allowed whose file is there."""
    if wanted == "none":
        return ()
    if wanted != "auto":
        return (wanted,)
    return tuple(
        name
        for name in known
        if (settings.models_dir / lock.named(name).file).is_file()
        and (settings.license == "any" or lock.named(name).licence.commercial_use)
    )


def _engine(name: str, path: Path, device: Device, settings: Settings) -> Engine:
    """What runs a network; by default, on a CPU, what benchmarks/engines.py measures as the fastest."""
    network = NETWORKS[name]
    net = network.load(path)
    precise = settings.precision == "float32"
    shorten = None if device.kind == "cuda" or precise or not computes_bfloat16() else network.to_bfloat16
    engine = settings.engine
    if engine == "auto":
        engine = "torch" if device.kind == "cuda" or shorten else "onnxruntime"
    if engine == "onnxruntime":
        graph = graph_of(name, network, settings.graphs_dir)
        return OnnxEngine(graph, net, device.onnx_providers, device.threads, device.turn)
    if shorten:
        shorten(net)
    elif device.kind == "cuda" and not precise:
        net.half()
    return TorchEngine(net, device.kind, device.turn)


def _upscalers(engines: Mapping[str, Engine]) -> dict[int, Upscaler]:
    """By factor; each has the model whose own factor comes closest from above."""
    upscalers: dict[int, Upscaler] = {}
    for factor in (2, 4):
        fit = [name for name in engines if UPSCALERS[name] >= factor]
        if fit:
            name = min(fit, key=lambda each: UPSCALERS[each])
            upscalers[factor] = Upscaler(name, engines[name], UPSCALERS[name], factor)
    return upscalers


def _check_licence(entry: ModelEntry, allowed: str) -> None:
    if allowed == "commercial" and not entry.licence.commercial_use:
        raise SettingInvalid(
            f"FACECRAFT_LICENSE=commercial forbids {entry.name}, whose licence is {entry.licence.name}.",
            hint="Choose another model, or set FACECRAFT_LICENSE=any where your use allows it.",
        )


def _warm(models: Models, max_batch: int) -> None:
    """Run each model: the first runs allocate, compile their kernels and, on a GPU, capture them."""
    grey = np.zeros((480, 640, 3), np.uint8)
    models.detector.detect(grey)
    box, eyes = np.array([100, 100, 300, 300], np.float32), np.array([[150, 180], [250, 180]], np.float32)
    models.mesh.find(grey, box, eyes)
    models.segmenter.segment(grey)
    for restorer in models.restorers.values():
        side = restorer.face_size_px
        crop = FaceCrop(np.zeros((side, side, 3), np.uint8), source_px=200)
        for power in range(max_batch.bit_length()):
            for _ in range(2 if max_batch > 1 else 1):
                restorer.restore([crop] * 2**power, [0.5] * 2**power)
    for upscaler in models.upscalers.values():
        upscaler.upscale(np.zeros((64, 64, 3), np.uint8))
