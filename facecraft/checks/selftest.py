"""Check the installation: import every module, load every model, process a picture.

It is the last step of an image's build, so that no image has a missing package or a broken model.
"""

import importlib
import io
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

import facecraft
from facecraft import catalogue
from facecraft.api import Facecraft
from facecraft.errors import StartupError, WeightsMissing
from facecraft.options import Options
from facecraft.runtime.device import Device, pick_device
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock, ModelEntry
from facecraft.weights.store import state, verify


def run(settings: Settings, lock: Lock) -> Iterator[str]:
    """Check the modules, then the models, then the pipeline.

    Yields:
        A line for each passed check.

    Raises:
        StartupError: for the first failed check.
    """
    modules = [module.name for module in pkgutil.walk_packages(facecraft.__path__, "facecraft.")]
    for name in modules:
        importlib.import_module(name)
    yield f"{len(modules)} modules import"
    present = [entry for entry in lock.models.values() if state(entry, settings.models_dir) != "missing"]
    if not present:
        raise WeightsMissing(f"There is no model in {settings.models_dir}.")
    device = pick_device("cpu", settings.threads)
    for entry in present:
        _load(entry, verify(entry, settings.models_dir), device)
        yield f"{entry.name} is verified and loads"
    with Facecraft(settings=settings, lock=lock) as loaded:
        portrait = loaded.process(_grey_png(), Options(require_face=False))
        yield f"a picture is processed on {loaded.runtime.device}, {len(portrait.data)} bytes"


def _load(entry: ModelEntry, path: Path, device: Device) -> None:
    model = catalogue.models().get(entry.name)
    if model is None:
        hint = "Add it to facecraft/catalogue.py, or remove it from models.lock."
        raise StartupError(f"{entry.name} is in models.lock, but not in the catalogue.", hint=hint)
    try:
        model.load(path, device)
    except Exception as error:  # ONNX Runtime, torch and LiteRT share no narrower class
        hint = "The file matches models.lock; report this as a bug."
        raise StartupError(f"{entry.name} does not load: {error}.", hint=hint) from error


def _grey_png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 128, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
