import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import facecraft
from facecraft import catalogue
from facecraft.errors import SettingInvalid
from facecraft.model import ImageModel, Model
from facecraft.restoration.signature import Signature
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock, default_lock_path, load_lock
from tests.restoration.test_engines import Halves


@pytest.fixture(scope="module")
def lock() -> Lock:
    return load_lock(default_lock_path())


def test_the_catalogue_has_every_model_of_the_lock_with_the_same_task(lock: Lock) -> None:
    tasks = {name: model.task for name, model in catalogue.models().items()}
    assert tasks == {name: entry.task for name, entry in lock.models.items()}


def test_importing_catalogue_and_settings_loads_no_model_code() -> None:
    code = "import sys, facecraft.settings; print({'torch', 'numpy', 'cv2'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


@pytest.mark.parametrize(
    "known", [catalogue.DETECTORS, catalogue.SEGMENTERS, catalogue.cleaners(), catalogue.restorers()]
)
def test_each_task_that_needs_a_model_has_one_that_everybody_can_pull(
    known: Sequence[Model], lock: Lock
) -> None:
    (fallback,) = [model for model in known if model.fallback]
    assert fallback.auto
    assert lock.named(fallback.name) in lock.in_set("default")
    assert lock.named(fallback.name).licence.commercial_use


@pytest.mark.parametrize("model", catalogue.restorers(), ids=lambda model: model.name)
def test_a_restorer_takes_what_the_catalogue_says(model: ImageModel) -> None:
    assert model.restorer is not None
    restorer = model.restorer(model, Halves())
    assert restorer.name == model.name
    assert restorer.takes_fidelity == ("fidelity" in model.takes)
    if (network := model.network) is not None:  # an ONNX file is run as it is
        assert list(network.inputs()) == ["pixels", *model.takes]


def test_an_entry_that_cannot_be_loaded_cannot_be_written() -> None:
    signature = Signature(side_px=8, black=0)
    with pytest.raises(ValueError, match="neither restores nor cleans nor enlarges"):
        ImageModel(name="idle", signature=signature)
    entry = ImageModel(name="published", signature=signature, restorer=catalogue.square)
    for wrong in (
        {"factor": 2},
        {"restorer": None, "cleans": True},
        {"signature": replace(signature, any_side=True)},
        {"signature": replace(signature, takes=("fidelity",))},
    ):
        with pytest.raises(ValueError, match="is an ONNX file"):
            replace(entry, **wrong)
    with pytest.raises(ValueError, match="must be below white"):
        Signature(side_px=8, black=1)
    with pytest.raises(ValueError, match="must be 1 or more"):
        Signature(side_px=0, black=0)


@pytest.mark.parametrize(
    ("variable", "choices"),
    [
        ("DETECTOR", "auto, centerface, scrfd-10g or scrfd-500m"),
        ("RESTORER", "auto, facecraft-clean, gfpgan-1.4, codeformer or realesrgan-x4plus"),
        ("UPSCALER", "auto, none, realesrgan-x4plus or realesrgan-x2plus"),
        ("MATTING", "auto, modnet or selfie-segmentation"),
    ],
)
def test_a_setting_that_names_no_model_is_refused_with_the_choices(
    variable: str, choices: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"FACECRAFT_{variable}", "s3cret")
    with pytest.raises(SettingInvalid) as caught:
        Settings.load()
    assert caught.value.detail == f"FACECRAFT_{variable} is wrong: use {choices}."
    assert choices in (Settings.model_fields[variable.lower()].description or "")


def test_the_page_knows_no_model_by_name() -> None:
    web = Path(facecraft.__file__).parent / "service" / "web"
    files = [path for path in web.iterdir() if path.suffix in {".js", ".html", ".css"}]
    assert files
    for path in files:
        for name in catalogue.models():
            # The page may name the product, but not the model that is named after it.
            family = name if name.startswith("facecraft-") else name.split("-")[0]
            assert family not in path.read_text().lower(), f"{path.name} names {name}"
