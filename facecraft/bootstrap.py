"""Settings and models.lock in, a verified and warmed pipeline out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facecraft.detection.base import Detector
from facecraft.detection.centerface import CenterFace
from facecraft.detection.facemesh import FaceMesh
from facecraft.detection.refined import RefinedDetector
from facecraft.errors import SettingInvalid
from facecraft.imaging.codec import Limits
from facecraft.pipeline import Pipeline
from facecraft.portrait import FaceCrop
from facecraft.restoration.base import Restorer
from facecraft.restoration.realesrgan import RealESRGAN
from facecraft.runtime import Device, pick_device
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock, ModelEntry
from facecraft.weights.store import verify

Paths = Mapping[str, Path]
"""Verified files by the name of their model."""


def _centerface(paths: Paths, device: Device) -> Detector:
    found = CenterFace(paths["centerface"], device.onnx_providers, device.threads)
    return RefinedDetector(found, FaceMesh(paths["facemesh"]))


def _scrfd(name: str) -> Callable[[Paths, Device], Detector]:
    def build(paths: Paths, device: Device) -> Detector:
        # Imported here: insightface takes a second, which those who don't use it need not wait for.
        from facecraft.detection.scrfd import Scrfd  # noqa: PLC0415

        return Scrfd(name, paths[name], device.onnx_providers)

    return build


# What each name of a setting needs, and how it is built. Restorers stand best first.
DETECTORS: Mapping[str, tuple[tuple[str, ...], Callable[[Paths, Device], Detector]]] = {
    "centerface": (("centerface", "facemesh"), _centerface),
    "scrfd-10g": (("scrfd-10g",), _scrfd("scrfd-10g")),
    "scrfd-500m": (("scrfd-500m",), _scrfd("scrfd-500m")),
}
RESTORERS: Mapping[str, Callable[[Path, str], Restorer]] = {"realesrgan-x4plus": RealESRGAN}
DEFAULT_DETECTOR = "centerface"
DEFAULT_RESTORER = "realesrgan-x4plus"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What serves.

    Attributes:
        device: where it runs, in words.
        models: what was loaded.
    """

    pipeline: Pipeline
    device: str
    models: tuple[ModelEntry, ...]


def load(settings: Settings, lock: Lock) -> Loaded:
    """Verify the models that the settings name, load them, and run each once.

    Raises:
        StartupError: a file is missing or not the one of models.lock, a licence forbids its use, or there is
            no such device.
    """
    device = pick_device(settings.device, settings.threads)
    detector_name = DEFAULT_DETECTOR if settings.detector == "auto" else settings.detector
    needed, build_detector = DETECTORS[detector_name]
    restorer_names = _restorers(settings, lock)
    entries = tuple(lock.named(name) for name in (*needed, *restorer_names))
    for entry in entries:
        _check_licence(entry, settings.license)
    paths = {entry.name: verify(entry, settings.models_dir) for entry in entries}
    detector = build_detector(paths, device)
    restorers = {name: RESTORERS[name](paths[name], device.kind) for name in restorer_names}
    _warm(detector, restorers)
    limits = Limits(
        upload_bytes=settings.max_upload_bytes,
        pixels=settings.max_pixels,
        frames=settings.max_frames,
        scans=settings.max_scans,
    )
    return Loaded(Pipeline(detector, restorers, limits), device.label, entries)


def _restorers(settings: Settings, lock: Lock) -> tuple[str, ...]:
    """The restorers to load, best first: the one named, or each one allowed whose file is there."""
    if settings.restorer != "auto":
        return (settings.restorer,)
    found = tuple(
        name
        for name in RESTORERS
        if (settings.models_dir / lock.named(name).file).is_file()
        and (settings.license == "any" or lock.named(name).licence.commercial_use)
    )
    return found or (DEFAULT_RESTORER,)


def _check_licence(entry: ModelEntry, allowed: str) -> None:
    if allowed == "commercial" and not entry.licence.commercial_use:
        raise SettingInvalid(
            f"FACECRAFT_LICENSE=commercial forbids {entry.name}, whose licence is {entry.licence.name}.",
            hint="Choose another model, or set FACECRAFT_LICENSE=any where your use allows it.",
        )


def _warm(detector: Detector, restorers: Mapping[str, Restorer]) -> None:
    """Run each model once: the first run allocates, and compiles its kernels."""
    detector.detect(np.zeros((480, 640, 3), np.uint8))
    for restorer in restorers.values():
        side = restorer.face_size_px
        restorer.restore([FaceCrop(np.zeros((side, side, 3), np.uint8), source_px=1)], fidelity=0.5)
