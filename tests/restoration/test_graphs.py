"""Exported graphs, and the folder that keeps them."""

from collections.abc import Mapping
from pathlib import Path

import onnx
import pytest

from facecraft.restoration.engines import export, graphs
from tests.restoration.conftest import NETWORKS


@pytest.fixture(scope="module")
def exported() -> Mapping[str, bytes]:
    return {
        name: export.export(network.blank(), network.inputs(), network.free_axes())
        for name, network in NETWORKS.items()
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_a_graph_names_every_weight_that_runs_and_holds_none(
    name: str, exported: Mapping[str, bytes]
) -> None:
    model = onnx.load_from_string(exported[name])
    declared = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    never_run = ("net.toRGB", "net.stylegan_decoder.style_mlp")
    weights = NETWORKS[name].blank().state_dict()
    expected = {key: tuple(each.shape) for key, each in weights.items() if not key.startswith(never_run)}
    assert list(declared.items()) == list(expected.items())  # ncnn's file has their order and no names
    assert len(exported[name]) < 1_000_000
    assert [value.name for value in model.graph.input] == list(NETWORKS[name].inputs())


def test_a_graph_is_exported_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = NETWORKS["realesrgan-x4plus"]
    folder = tmp_path / "not" / "there"
    first = graphs.graph_of(network, folder)
    monkeypatch.setattr(export, "export", None)
    assert graphs.graph_of(network, folder) == first
    (kept,) = folder.iterdir()
    assert kept.name == f"realesrgan-x4plus-{graphs.source_key()}.onnx"


def test_a_folder_that_cannot_be_written_costs_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "export", lambda *_: b"graph")
    (tmp_path / "file").touch()
    graph = graphs.graph_of(NETWORKS["realesrgan-x4plus"], tmp_path / "file")
    assert graph == b"graph"
    assert "cannot be saved" in caplog.text
