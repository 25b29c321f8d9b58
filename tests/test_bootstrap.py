from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from facecraft import bootstrap
from facecraft.bootstrap import RESTORERS, UPSCALERS, _chosen, _engine, _upscalers
from facecraft.restoration.networks import NETWORKS
from facecraft.runtime.device import Device, FairLock
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock, default_lock_path, load_lock
from facecraft.weights.store import default_models_dir
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


HALF, FULL, SHORT = torch.float16, torch.float32, torch.bfloat16


@pytest.mark.parametrize(
    ("device", "bfloat16", "settings", "expected"),
    [
        (CUDA, False, {}, ("torch", {HALF})),
        (CUDA, True, {}, ("torch", {HALF})),
        (CUDA, False, {"precision": "float32"}, ("torch", {FULL})),
        (CUDA, False, {"engine": "onnxruntime"}, ("onnxruntime", {FULL})),
        (CPU, False, {}, ("onnxruntime", {FULL})),
        (CPU, False, {"engine": "torch"}, ("torch", {FULL})),
        (CPU, True, {}, ("torch", {FULL, SHORT})),
        (CPU, True, {"engine": "torch"}, ("torch", {FULL, SHORT})),
        (CPU, True, {"precision": "float32"}, ("onnxruntime", {FULL})),
        (CPU, True, {"engine": "torch", "precision": "float32"}, ("torch", {FULL})),
        (CPU, True, {"engine": "onnxruntime"}, ("onnxruntime", {FULL})),
    ],
)
def test_the_engine_and_its_types_follow_device_processor_and_settings(
    device: Device,
    bfloat16: bool,
    settings: dict[str, str],
    expected: tuple[str, set[torch.dtype]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[tuple[str, set[torch.dtype]]] = []

    def record(name: str, net: nn.Module, turn: FairLock) -> None:
        assert turn is device.turn
        made.append((name, {each.dtype for each in net.parameters()}))

    monkeypatch.setattr(bootstrap, "TorchEngine", lambda net, _kind, turn: record("torch", net, turn))
    monkeypatch.setattr(
        bootstrap,
        "OnnxEngine",
        lambda _graph, net, _providers, _threads, turn: record("onnxruntime", net, turn),
    )
    monkeypatch.setattr(bootstrap, "graph_of", lambda *_: b"")
    monkeypatch.setattr(bootstrap, "computes_bfloat16", lambda: bfloat16)
    path = default_models_dir() / "realesrgan-x4plus.bin"
    _engine(X4PLUS, path, device, Settings.model_validate(settings))
    assert made == [expected]


def test_a_network_that_does_not_bear_bfloat16_runs_in_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "computes_bfloat16", lambda: True)
    monkeypatch.setattr(bootstrap, "graph_of", lambda *_: b"")
    monkeypatch.setattr(bootstrap, "OnnxEngine", lambda *_: Halves())
    monkeypatch.setattr(
        bootstrap, "NETWORKS", {"gfpgan-1.4": replace(NETWORKS["gfpgan-1.4"], fill=lambda *_: None)}
    )
    assert isinstance(_engine("gfpgan-1.4", Path("none"), CPU, Settings()), Halves)
