"""From settings and models.lock to a verified and warmed pipeline."""

import gc
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from facecraft import catalogue
from facecraft.detection.refined import RefinedDetector
from facecraft.errors import SettingInvalid
from facecraft.imaging.limits import Limits
from facecraft.matting.segmenters import Segmenter
from facecraft.model import BuiltModel, DetectionModel, ImageModel, Model
from facecraft.pipeline.models import Models
from facecraft.pipeline.pipeline import Pipeline
from facecraft.presets import presets
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.cleaning import Cleaner
from facecraft.restoration.engines.base import Engine
from facecraft.restoration.engines.choice import fastest, make_engine
from facecraft.restoration.engines.onnx import OnnxFileEngine
from facecraft.restoration.upscaling import Upscaler
from facecraft.runtime.allocator import give_memory_back
from facecraft.runtime.device import Device, pick_device
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock, ModelEntry
from facecraft.weights.store import verify

FACTORS = (2, 4)
"""How many times a picture can be enlarged."""
DEFAULT_DEADLINE_S: Mapping[str, float] = {"cpu": 30, "cuda": 10}
DEFAULT_BATCH: Mapping[str, int] = {"cpu": 1, "cuda": 8}
"""By kind of device. On a CPU, faces take as long together as one by one: benchmarks/batching.py."""

M = TypeVar("M", bound=Model)
Paths = Mapping[str, Path]
"""Verified files, by the name of their model."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A pipeline that is ready, and what its callers have to know of it.

    Attributes:
        device: where it runs, for people.
        models: the entries of the loaded models.
        workers: how many portraits at the same time keep the device busy.
        deadline_s: after how many seconds a portrait is given up.
        growing: how many networks take more memory for a larger input than they took in their warm-up.
    """

    pipeline: Pipeline
    device: str
    models: tuple[ModelEntry, ...]
    workers: int
    deadline_s: float
    growing: int


@dataclass(frozen=True, slots=True)
class Selection:
    """The models of the catalogue that are to be loaded, the best first.

    Attributes:
        networks: of cleaner, restorers and upscalers, each once.
    """

    detector: DetectionModel
    segmenter: BuiltModel[Segmenter]
    cleaners: tuple[ImageModel, ...]
    restorers: tuple[ImageModel, ...]
    upscalers: tuple[ImageModel, ...]

    @property
    def networks(self) -> tuple[ImageModel, ...]:
        return tuple(dict.fromkeys((*self.cleaners, *self.restorers, *self.upscalers)))

    @property
    def names(self) -> tuple[str, ...]:
        detection: tuple[Model, ...] = (self.detector, catalogue.MESH, catalogue.IRIS)
        return tuple(model.name for model in (*detection, self.segmenter, *self.networks))


def load(settings: Settings, lock: Lock) -> Runtime:
    """Verify the models that the settings choose, load them, and run each once.

    Raises:
        StartupError: a file is missing or not the one of models.lock, a licence forbids its use, a preset is
            wrong, or there is no such device.
    """
    known_presets = presets.load()
    device = pick_device(settings.device, settings.threads)
    selection = select(settings, lock)
    entries = tuple(lock.named(name) for name in selection.names)
    for entry in entries:
        _check_licence(entry, settings.license)
    paths = {entry.name: verify(entry, settings.models_dir) for entry in entries}
    max_batch = _max_batch(settings, device)
    limits = Limits(
        upload_bytes=settings.max_upload_bytes,
        pixels=settings.max_pixels,
        frames=settings.max_frames,
        scans=settings.max_scans,
        faces=settings.max_faces,
    )
    with ExitStack() as threads:
        models = _build(selection, paths, device, settings, threads)
        _warm(models, max_batch)
        threads.pop_all()  # all went well: they go on
    gc.collect()
    give_memory_back()  # loading took as much again as the weights
    return Runtime(
        Pipeline(models, known_presets, limits),
        device.label,
        entries,
        workers=settings.workers or 2 * max_batch,
        deadline_s=settings.deadline_s or DEFAULT_DEADLINE_S[device.kind],
        growing=sum(model.signature.any_side for model in selection.networks),
    )


def select(settings: Settings, lock: Lock) -> Selection:
    """Choose the models that the settings name, or for `auto` the best whose files are present."""
    return Selection(
        detector=_select(settings.detector, catalogue.DETECTORS, settings, lock)[0],
        segmenter=_select(settings.matting, catalogue.SEGMENTERS, settings, lock)[0],
        cleaners=_select(settings.restorer, _cleaners(settings, lock), settings, lock)[:1],
        restorers=_select(settings.restorer, catalogue.restorers(), settings, lock),
        upscalers=_present(catalogue.upscalers(), settings, lock)
        if settings.upscaler == "auto"
        else _named(settings.upscaler, catalogue.upscalers()),
    )


def _cleaners(settings: Settings, lock: Lock) -> tuple[ImageModel, ...]:
    """For `auto` those that models.lock has, because one of your own may lack the cleaner; else all."""
    known = catalogue.cleaners()
    return tuple(model for model in known if settings.restorer != "auto" or model.name in lock.models)


def _select(wanted: str, known: Sequence[M], settings: Settings, lock: Lock) -> tuple[M, ...]:
    """Choose one model or more. With `auto` and no file, it is the one that everybody can pull."""
    if wanted != "auto":
        return _named(wanted, known)
    return _present(known, settings, lock) or tuple(model for model in known if model.fallback)


def _named(wanted: str, known: Sequence[M]) -> tuple[M, ...]:
    return tuple(model for model in known if model.name == wanted)


def _present(known: Sequence[M], settings: Settings, lock: Lock) -> tuple[M, ...]:
    """The models for `auto` whose file is present and whose licence is allowed, in their order."""

    def usable(entry: ModelEntry) -> bool:
        allowed = settings.license == "any" or entry.licence.commercial_use
        return allowed and entry.path(settings.models_dir).is_file()

    return tuple(
        model
        for model in known
        if model.auto and model.name in lock.models and usable(lock.named(model.name))
    )


def _build(
    selection: Selection, paths: Paths, device: Device, settings: Settings, threads: ExitStack
) -> Models:
    """Build the models. `threads` gets those that restorers start."""
    detector = selection.detector.build(paths[selection.detector.name], device)
    mesh = catalogue.MESH.build(paths[catalogue.MESH.name], device)
    engines = {
        model.name: _engine(model, paths[model.name], device, settings) for model in selection.networks
    }
    restorers: dict[str, BatchingRestorer] = {}
    for model in selection.restorers:
        if model.restorer is not None:
            restorer = model.restorer(model, engines[model.name])
            batching = BatchingRestorer(restorer, _max_batch(settings, device), settings.max_wait_ms)
            restorers[model.name] = threads.enter_context(closing(batching))
    cleaners = [Cleaner(model.name, engines[model.name]) for model in selection.cleaners]
    return Models(
        cleaner=cleaners[0] if cleaners else None,
        detector=RefinedDetector(detector, mesh) if selection.detector.refined else detector,
        mesh=mesh,
        iris=catalogue.IRIS.build(paths[catalogue.IRIS.name], device),
        segmenter=selection.segmenter.build(paths[selection.segmenter.name], device),
        upscalers=_upscalers(selection.upscalers, engines),
        restorers=restorers,
        inventing=frozenset(model.name for model in selection.restorers if model.invents),
    )


def _max_batch(settings: Settings, device: Device) -> int:
    return settings.max_batch or DEFAULT_BATCH[device.kind]


def _engine(model: ImageModel, path: Path, device: Device, settings: Settings) -> Engine:
    network = model.network
    if network is None:
        return OnnxFileEngine(path, model.signature, device)
    name = fastest(network, device) if settings.engine == "auto" else settings.engine
    precise = settings.precision == "float32"
    return make_engine(name, network, path, device, settings.graphs_dir, precise=precise)


def _upscalers(models: Sequence[ImageModel], engines: Mapping[str, Engine]) -> dict[int, Upscaler]:
    """Make an upscaler for each factor, with the model whose own factor is the next larger one."""
    native = {model.name: model.factor for model in models if model.factor is not None}
    upscalers: dict[int, Upscaler] = {}
    for factor in FACTORS:
        enough = [name for name in native if native[name] >= factor]
        if enough:
            name = min(enough, key=lambda each: native[each])
            upscalers[factor] = Upscaler(name, engines[name], native[name], factor)
    return upscalers


def _check_licence(entry: ModelEntry, allowed: str) -> None:
    if allowed == "commercial" and not entry.licence.commercial_use:
        raise SettingInvalid(
            f"FACECRAFT_LICENSE=commercial forbids {entry.name}, whose licence is {entry.licence.name}.",
            hint="Choose another model, or set FACECRAFT_LICENSE=any if your use is allowed.",
        )


def _warm(models: Models, max_batch: int) -> None:
    """Run each model on a small input: first runs allocate, compile kernels and, on a GPU, capture them."""
    grey = np.zeros((480, 640, 3), np.uint8)
    models.detector.detect(grey)
    box, eyes = np.array([100, 100, 300, 300], np.float32), np.array([[150, 180], [250, 180]], np.float32)
    points, _ = models.mesh.find(grey, box, eyes)
    models.iris.find(grey, points)
    models.segmenter.segment(grey)
    if models.cleaner is not None:
        models.cleaner.clean(grey[:64, :64])
    for restorer in models.restorers.values():
        for power in range(max_batch.bit_length()):
            for _ in range(2 if max_batch > 1 else 1):
                restorer.run_blank(2**power)
    for upscaler in models.upscalers.values():
        upscaler.upscale(grey[:16, :16])
