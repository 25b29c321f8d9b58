"""Memory of an engine, in a process of its own."""

import subprocess
import sys

MB = 1_000_000


def test_an_engine_keeps_nothing_of_its_largest_input() -> None:
    code = """
from pathlib import Path
import numpy as np
from facecraft import catalogue
from facecraft.bootstrap import _engine
from facecraft.restoration.cleaning import TILING
from facecraft.runtime.allocator import give_memory_back
from facecraft.runtime.device import pick_device
from facecraft.service.capacity.memory import resident_bytes
from facecraft.settings import Settings
from facecraft.weights.lockfile import default_lock_path, load_lock

settings = Settings(engine="openvino")
model = catalogue.models()["facecraft-clean"]
path = load_lock(default_lock_path()).named(model.name).path(settings.models_dir)
engine = _engine(model, path, pick_device("cpu", 2), settings)
for side in (64, TILING.tile_px):
    engine.run(np.zeros((1, side, side, 3), np.uint8))
    give_memory_back()
    print(resident_bytes())
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    small, large = map(int, result.stdout.split())
    assert large - small < 40 * MB


def test_a_photo_of_every_size_leaves_no_kernels_behind() -> None:
    """By default each size that an engine saw takes 1.8 MB more."""
    code = """
from pathlib import Path
import numpy as np
from facecraft import catalogue
from facecraft.bootstrap import _engine
from facecraft.runtime.allocator import give_memory_back
from facecraft.runtime.device import pick_device
from facecraft.service.capacity.memory import resident_bytes
from facecraft.settings import Settings
from facecraft.weights.lockfile import default_lock_path, load_lock

settings = Settings(engine="openvino")
model = catalogue.models()["facecraft-clean"]
path = load_lock(default_lock_path()).named(model.name).path(settings.models_dir)
engine = _engine(model, path, pick_device("cpu", 2), settings)
sides = range(16, 193, 16)
shapes = [(1, height, width, 3) for height in sides for width in sides]
for count, shape in enumerate(shapes):
    engine.run(np.zeros(shape, np.uint8))
    if count + 1 in (len(shapes) // 2, len(shapes)):
        give_memory_back()
        print(resident_bytes())
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    half, full = map(int, result.stdout.split())
    assert full - half < 20 * MB
