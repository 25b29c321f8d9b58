"""Whether what is installed here works: every module imports, every model loads, a picture goes through.

An image's build ends with it, so that a package that lacks something, or a broken model, ends the build.
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
    """Check one thing after another.

    Yields:
        A line for each thing that was found good.

    Raises:
        StartupError: the first that was not.
    """
    modules = [module.name for module in pkgutil.walk_packages(facecraft.__path__, "facecraft.")]
    for name in modules:
        importlib.import_module(name)
    yield f"{len(modules)} modules import"
    present = [entry for entry in lock.models.values() if state(entry, settings.models_dir) != "missing"]
    if not present:
        raise WeightsMissing(f"There is no model in {settings.models_dir}.")
    for entry in present:
        path = verify(entry, settings.models_dir)
        _load(entry, path)
        yield f"{entry.name} is verified and loads"
    loaded = load(settings, lock)
    portrait = loaded.pipeline.process(_grey(), Options(require_face=False))
    yield f"a picture goes through on {loaded.device}, {len(portrait.data)} bytes"


def _load(entry: ModelEntry, path: Path) -> None:
    network = NETWORKS.get(entry.name)
    build = network.load if network else FORMATS.get(path.suffix)
    if build is None:
        raise StartupError(f"There is no way to load {entry.name}, whose file is {path.name}.")
    try:
        build(path)
    except Exception as error:  # ONNX Runtime, torch and LiteRT have nothing narrower in common
        raise StartupError(
            f"{entry.name} does not load: {error}.", hint="The file is the one of models.lock."
        ) from error


def _onnx(path: Path) -> object:
    options = ort.SessionOptions()
    options.log_severity_level = 3  # CenterFace's file earns warnings that its detector takes care of
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _tflite(path: Path) -> object:
    return Interpreter(model_path=str(path), num_threads=1).allocate_tensors()


# How a model is loaded that is not one of our own networks.
FORMATS: Mapping[str, Callable[[Path], object]] = {
    ".onnx": _onnx,
    ".tflite": _tflite,
}


def _grey() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 128, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
