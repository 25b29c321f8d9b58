"""The contracts on imports hold: each one breaks where a forbidden import is planted."""

import pytest

from tests.guards.conftest import Copy

# Which rooms alone may import what.
ALLOWED = {
    "fastapi": {"service"},
    "starlette": {"service"},
    "uvicorn": {"service"},
    "prometheus_client": {"service"},
    "facecraft.settings": {"settings", "bootstrap", "api", "cli", "service", "checks"},
    "torch": {"restoration", "runtime"},
    "onnxruntime": {"runtime"},
    "openvino": {"runtime"},
    "ai_edge_litert": {"runtime"},
    "typer": {"cli"},
}
UP = [
    ("errors", "facecraft.types"),
    ("types", "facecraft.options"),
    ("weights", "facecraft.imaging.codec"),
    ("runtime", "facecraft.weights.store"),
    ("imaging", "facecraft.pipeline.pipeline"),
    ("detection", "facecraft.restoration.batching"),
    ("presets", "facecraft.judging.rules"),
    ("pipeline", "facecraft.bootstrap"),
    ("bootstrap", "facecraft.folders.once"),
    ("checks", "facecraft.service.server"),
    ("service", "facecraft.cli.main"),
]


def test_the_package_as_it_is_keeps_every_contract(copy: Copy) -> None:
    result = copy.lint_imports()
    assert result.returncode == 0, result.stdout
    assert "BROKEN" not in result.stdout


@pytest.mark.parametrize("protected", sorted(ALLOWED))
def test_an_import_is_refused_in_every_room_but_those_that_may(copy: Copy, protected: str) -> None:
    planted = {room: copy.plant(room, f"import {protected}") for room in copy.rooms()}
    result = copy.lint_imports()
    assert result.returncode == 1
    for room, module in planted.items():
        refused = f"- {module} -> {protected} (l." in result.stdout
        assert refused == (room not in ALLOWED[protected]), (room, result.stdout)


def test_a_type_alone_is_an_import_too(copy: Copy) -> None:
    copy.plant("judging", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch")
    assert "facecraft.judging.planted -> torch" in copy.lint_imports().stdout


@pytest.mark.parametrize(("room", "above"), UP)
def test_an_import_of_a_room_that_is_not_below_is_refused(copy: Copy, room: str, above: str) -> None:
    module = copy.plant(room, f"import {above}")
    result = copy.lint_imports()
    assert result.returncode == 1
    assert "Imports point downwards BROKEN" in result.stdout
    assert f"{module} -> {above}" in result.stdout


def test_a_circle_inside_a_room_is_refused(copy: Copy) -> None:
    service = copy.root / "facecraft" / "service"
    (service / "request" / "planted.py").write_text("import facecraft.service.response.planted\n")
    (service / "response" / "planted.py").write_text("import facecraft.service.request.planted\n")
    result = copy.lint_imports()
    assert result.returncode == 1
    assert "No cycles are allowed in facecraft.service." in result.stdout


def test_a_new_room_has_to_be_placed(copy: Copy) -> None:
    (copy.root / "facecraft" / "attic").mkdir()
    (copy.root / "facecraft" / "attic" / "__init__.py").touch()
    result = copy.lint_imports()
    assert result.returncode == 1
    assert "- facecraft.attic" in result.stdout


@pytest.mark.parametrize("package", ["numpy", "pydantic", "tqdm"])
def test_weights_need_the_standard_library_alone(copy: Copy, package: str) -> None:
    copy.plant("weights", f"import {package}")
    result = copy.lint_imports()
    assert result.returncode == 1
    assert "Weights need nothing but the standard library BROKEN" in result.stdout
