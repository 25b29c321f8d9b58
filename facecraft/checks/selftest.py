"""Check what is installed: every module imports, every model loads, a picture is processed.

The build of an image ends with it, so that no image lacks a package or has a broken model.
"""

import importlib
import io
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import onnxruntime as ort
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

import facecraft
from facecraft.bootstrap import load
from facecraft.errors import StartupError, WeightsMissing
from facecraft.options import Options
from facecraft.restoration.networks import NETWORKS
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock, ModelEntry
from facecraft.weights.store import state, verify


def run(settings: Settings, lock: Lock) -> Iterator[str]:
    """Check the modules, then the models, then the pipeline.

    Yields:
        A line for each check that passed.

    Raises:
        StartupError: the first check that failed.
    """
    modules = [module.name for module in pkgutil.walk_packages(facecraft.__path__, "facecraft.")]
    for name in modules:
        importlib.import_module(name)
    yield f"{len(modules)} modules import"
    present = [entry for entry in lock.models.values() if state(entry, settings.models_dir) != "missing"]
    if not present:
        raise WeightsMissing(f"There is no model in {settings.models_dir}.")
    for entry in present:
        _load(entry, verify(entry, settings.models_dir))
        yield f"{entry.name} is verified and loads"
    runtime = load(settings, lock)
    portrait = runtime.pipeline.process(_grey_png(), Options(require_face=False))
    yield f"a picture is processed on {runtime.device}, {len(portrait.data)} bytes"


def _load(entry: ModelEntry, path: Path) -> None:
    network = NETWORKS.get(entry.name)
    build = network.load if network else BUILDERS.get(path.suffix)
    if build is None:
        raise StartupError(f"Nothing loads the file of {entry.name}, {path.name}.")
    try:
        build(path)
    except Exception as error:  # ONNX Runtime, torch and LiteRT share no narrower class
        hint = "The file is the one that models.lock names; report this as a bug."
        raise StartupError(f"{entry.name} does not load: {error}.", hint=hint) from error


def _onnx(path: Path) -> object:
    options = ort.SessionOptions()
    options.log_severity_level = 3  # CenterFace's file causes warnings that its detector takes care of
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _tflite(path: Path) -> object:
    return Interpreter(model_path=str(path), num_threads=1).allocate_tensors()


BUILDERS: Mapping[str, Callable[[Path], object]] = {".onnx": _onnx, ".tflite": _tflite}
"""What loads a model that is not one of our own networks, by the suffix of its file."""


def _grey_png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 128, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
