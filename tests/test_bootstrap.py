from pathlib import Path
from typing import Any

import pytest
import torch

from facecraft import bootstrap
from facecraft.bootstrap import RESTORERS, UPSCALERS, _chosen, _engine, _upscalers
from facecraft.restoration.engines.onnx import OnnxEngine
from facecraft.runtime import Device
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock, default_lock_path, load_lock
from facecraft.weights.store import default_graphs_dir, default_models_dir
from tests.restoration.test_engines import Halves

CUDA = Device("cuda", "a GPU", 2, ("CUDAExecutionProvider", "CPUExecutionProvider"))
CPU = Device("cpu", "cpu, 2 threads", 2, ("CPUExecutionProvider",))
X4PLUS = "realesrgan-x4plus"


@pytest.fixture(scope="module")
def lock() -> Lock:
    return load_lock(default_lock_path())


def settings_with(folder: Path, lock: Lock, *names: str, **more: object) -> Settings:
    for name in names:
        (folder / lock.named(name).file).touch()
    return Settings.model_validate({"models_dir": folder, **more})


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ((X4PLUS,), (X4PLUS,)),
        (("codeformer", X4PLUS), ("codeformer", X4PLUS)),
        (("codeformer", X4PLUS, "gfpgan-1.4"), ("gfpgan-1.4", "codeformer", X4PLUS)),
        ((), ()),
    ],
)
def test_auto_loads_each_restorer_that_is_there_the_best_first(
    present: tuple[str, ...], expected: tuple[str, ...], lock: Lock, tmp_path: Path
) -> None:
    assert _chosen("auto", RESTORERS, settings_with(tmp_path, lock, *present), lock) == expected


def test_auto_leaves_out_what_the_licence_setting_forbids(lock: Lock, tmp_path: Path) -> None:
    settings = settings_with(tmp_path, lock, *RESTORERS, license="commercial")
    assert _chosen("auto", RESTORERS, settings, lock) == ("gfpgan-1.4", X4PLUS)


def test_one_that_is_named_is_taken_alone_and_none_takes_none(lock: Lock, tmp_path: Path) -> None:
    settings = settings_with(tmp_path, lock)
    assert _chosen("codeformer", RESTORERS, settings, lock) == ("codeformer",)
    assert _chosen("none", UPSCALERS, settings, lock) == ()


@pytest.mark.parametrize(
    ("loaded", "expected"),
    [
        ((X4PLUS,), {2: (X4PLUS, 2), 4: (X4PLUS, 4)}),
        (("realesrgan-x2plus", X4PLUS), {2: ("realesrgan-x2plus", 2), 4: (X4PLUS, 4)}),
        (("realesrgan-x2plus",), {2: ("realesrgan-x2plus", 2)}),
        ((), {}),
    ],
)
def test_each_factor_has_the_model_that_is_made_for_it_where_there_is_one(
    loaded: tuple[str, ...], expected: dict[int, tuple[str, int]]
) -> None:
    upscalers = _upscalers({name: Halves() for name in loaded})
    assert {factor: (each.name, each.factor) for factor, each in upscalers.items()} == expected


@pytest.mark.parametrize(
    ("device", "engine", "dtype"),
    [
        (CUDA, "auto", torch.float16),
        (CUDA, "torch", torch.float16),
        (CPU, "torch", torch.float32),
    ],
)
def test_a_gpu_runs_torch_in_half_precision_and_a_cpu_where_it_is_asked_to(
    device: Device, engine: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[Any, ...]] = []
    monkeypatch.setattr(bootstrap, "TorchEngine", lambda *args: made.append(args[1:]))
    path = default_models_dir() / "realesrgan-x4plus.bin"
    _engine(X4PLUS, path, device, Settings.model_validate({"engine": engine}))
    assert made == [(device.kind, dtype, device.turn)]


@pytest.mark.parametrize("engine", ["auto", "onnxruntime"])
def test_a_cpu_runs_onnxruntime(engine: str) -> None:
    path = default_models_dir() / "realesrgan-x4plus.bin"
    settings = Settings.model_validate({"engine": engine, "graphs_dir": default_graphs_dir()})
    assert isinstance(_engine(X4PLUS, path, CPU, settings), OnnxEngine)
