import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from facecraft import bootstrap, catalogue
from facecraft.bootstrap import _upscalers, load, select
from facecraft.errors import PresetInvalid
from facecraft.model import ImageModel
from facecraft.presets import presets
from facecraft.restoration.engines.graphs import graph_of
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock, default_lock_path, load_lock
from facecraft.weights.store import default_models_dir
from tests.devices import CPU
from tests.restoration.test_engines import Halves

CLEAN = "facecraft-clean"
X4PLUS = "realesrgan-x4plus"


@pytest.fixture(scope="module")
def lock() -> Lock:
    return load_lock(default_lock_path())


def settings_with(folder: Path, lock: Lock, *names: str, **more: object) -> Settings:
    for name in names:
        (folder / lock.named(name).file).touch()
    return Settings.model_validate({"models_dir": folder, **more})


def image_model(name: str) -> ImageModel:
    return next(model for model in catalogue.IMAGE_MODELS if model.name == name)


def restorers(settings: Settings, lock: Lock) -> tuple[str, ...]:
    return tuple(model.name for model in select(settings, lock).restorers)


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ((X4PLUS,), (X4PLUS,)),
        (("codeformer", X4PLUS), ("codeformer", X4PLUS)),
        (("codeformer", X4PLUS, "gfpgan-1.4"), ("gfpgan-1.4", "codeformer", X4PLUS)),
        ((), (X4PLUS,)),
    ],
)
def test_auto_loads_each_restorer_that_is_present_the_best_first(
    present: tuple[str, ...], expected: tuple[str, ...], lock: Lock, tmp_path: Path
) -> None:
    assert restorers(settings_with(tmp_path, lock, *present), lock) == expected


def test_auto_leaves_out_what_the_licence_setting_forbids(lock: Lock, tmp_path: Path) -> None:
    names = [model.name for model in catalogue.restorers()]
    settings = settings_with(tmp_path, lock, *names, license="commercial")
    assert restorers(settings, lock) == ("gfpgan-1.4", X4PLUS)


def test_auto_leaves_out_what_a_models_lock_does_not_have(lock: Lock, tmp_path: Path) -> None:
    settings = settings_with(tmp_path, lock, "gfpgan-1.4", X4PLUS)
    smaller = Lock({name: entry for name, entry in lock.models.items() if name != "gfpgan-1.4"})
    assert restorers(settings, smaller) == (X4PLUS,)


def test_the_cleaner_comes_with_the_package(lock: Lock, tmp_path: Path) -> None:
    selection = select(settings_with(tmp_path, lock), lock)
    assert [model.name for model in selection.cleaners] == [CLEAN]
    assert lock.named(CLEAN).path(tmp_path).is_file()


def test_a_cleaner_that_is_named_is_loaded_without_a_restorer(lock: Lock, tmp_path: Path) -> None:
    selection = select(settings_with(tmp_path, lock, X4PLUS, restorer=CLEAN, upscaler="none"), lock)
    assert [model.name for model in selection.networks] == [CLEAN]
    selection = select(settings_with(tmp_path, lock, X4PLUS, restorer=X4PLUS, upscaler="none"), lock)
    assert [model.name for model in selection.networks] == [X4PLUS]


@pytest.mark.parametrize("present", [(), ("centerface",), ("scrfd-10g",), ("centerface", "scrfd-10g")])
def test_scrfd_is_loaded_only_if_it_is_named(present: tuple[str, ...], lock: Lock, tmp_path: Path) -> None:
    assert select(settings_with(tmp_path, lock, *present), lock).detector.name == "centerface"
    named = settings_with(tmp_path, lock, *present, detector="scrfd-10g")
    assert select(named, lock).detector.name == "scrfd-10g"


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ((), "selfie-segmentation"),
        (("selfie-segmentation",), "selfie-segmentation"),
        (("selfie-segmentation", "modnet"), "modnet"),
    ],
)
def test_auto_loads_the_best_segmenter_that_is_present(
    present: tuple[str, ...], expected: str, lock: Lock, tmp_path: Path
) -> None:
    assert select(settings_with(tmp_path, lock, *present), lock).segmenter.name == expected


def test_what_auto_loads_without_any_file_is_in_the_default_set(lock: Lock, tmp_path: Path) -> None:
    names = select(settings_with(tmp_path, lock), lock).names
    assert set(names) <= {entry.name for entry in lock.in_set("default")}


def test_a_model_that_is_named_is_loaded_alone_and_none_loads_none(lock: Lock, tmp_path: Path) -> None:
    settings = settings_with(tmp_path, lock, X4PLUS, restorer="codeformer", upscaler="none")
    assert restorers(settings, lock) == ("codeformer",)
    assert select(settings, lock).upscalers == ()
    assert select(settings, lock).names == (
        "centerface",
        "facemesh",
        "iris",
        "selfie-segmentation",
        "codeformer",
    )


def test_a_network_that_restores_and_enlarges_is_loaded_once(lock: Lock, tmp_path: Path) -> None:
    selection = select(settings_with(tmp_path, lock, X4PLUS, "realesrgan-x2plus"), lock)
    assert [model.name for model in selection.networks] == [CLEAN, X4PLUS, "realesrgan-x2plus"]


@pytest.mark.parametrize(
    ("loaded", "expected"),
    [
        ((X4PLUS,), {2: (X4PLUS, 2), 4: (X4PLUS, 4)}),
        (("realesrgan-x2plus", X4PLUS), {2: ("realesrgan-x2plus", 2), 4: (X4PLUS, 4)}),
        (("realesrgan-x2plus",), {2: ("realesrgan-x2plus", 2)}),
        ((), {}),
    ],
)
def test_each_factor_has_the_model_that_is_made_for_it_if_there_is_one(
    loaded: tuple[str, ...], expected: dict[int, tuple[str, int]]
) -> None:
    models = [image_model(name) for name in loaded]
    upscalers = _upscalers(models, {name: Halves() for name in loaded})
    assert {factor: (each.name, each.factor) for factor, each in upscalers.items()} == expected


class Broken(Halves):
    def run(self, *_inputs: object) -> NoReturn:
        raise ArithmeticError("a broken network")


def restoring() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("restore-")]


def test_a_start_that_fails_leaves_no_thread(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    before = restoring()
    settings = Settings(device="cpu", restorer=X4PLUS, upscaler="none")
    monkeypatch.setattr(bootstrap, "_engine", lambda *_: Broken())
    with pytest.raises(ArithmeticError, match="a broken network"):
        load(settings, lock)
    assert restoring() == before


def test_a_restorer_that_cannot_be_built_leaves_no_thread_of_another(
    lock: Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise LookupError("it cannot be built")

    before = restoring()
    monkeypatch.setattr(bootstrap, "_engine", lambda *_: Halves())
    settings = Settings(device="cpu", restorer=X4PLUS, upscaler="none")
    paths = {name: default_models_dir() / lock.named(name).file for name in select(settings, lock).names}
    unbuilt = replace(image_model("codeformer"), restorer=fail)
    two = replace(select(settings, lock), restorers=(image_model(X4PLUS), unbuilt))
    with pytest.raises(LookupError, match="it cannot be built"), ExitStack() as threads:
        bootstrap._build(two, {**paths, "codeformer": Path("none")}, CPU, settings, threads)
    assert restoring() == before


def test_presets_are_read_before_any_model_is_loaded(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> NoReturn:
        raise PresetInvalid("a wrong preset")

    monkeypatch.setattr(presets, "load", fail)
    monkeypatch.setattr(bootstrap, "verify", None)
    with pytest.raises(PresetInvalid):
        load(Settings(device="cpu"), lock)


def test_a_cpu_starts_with_the_default_models_without_torch(lock: Lock) -> None:
    """It would take a second more, and 100 MB. Only a graph that is missing needs it."""
    settings = Settings(device="cpu")
    for network in (model.network for model in select(settings, lock).networks):
        assert network is not None
        graph_of(network, settings.graphs_dir)
    code = (
        "import sys; from facecraft import Facecraft; Facecraft(device='cpu'); print('torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
