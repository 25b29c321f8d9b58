from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from facecraft.errors import LockInvalid
from facecraft.restoration.checkpoints import Shapes, read
from facecraft.restoration.nets.codeformer import CodeFormer
from facecraft.restoration.nets.gfpgan import GFPGAN
from facecraft.restoration.nets.rrdbnet import RRDBNet
from facecraft.restoration.network import Network
from facecraft.restoration.signature import Signature
from tests.restoration import official

PUBLISHED = [
    pytest.param(GFPGAN, official.GFPGAN, official.GFPGAN_BYTES, id="gfpgan"),
    pytest.param(CodeFormer, official.CODEFORMER, official.CODEFORMER_BYTES, id="codeformer"),
    pytest.param(partial(RRDBNet, scale=2), official.X2PLUS, official.X2PLUS_BYTES, id="x2plus"),
]


def empty(build: type[nn.Module]) -> nn.Module:
    with torch.device("meta"):
        return build()


@pytest.mark.parametrize(("build", "table", "size_bytes"), PUBLISHED)
def test_a_network_has_exactly_the_published_keys_shapes_and_types(
    build: type[nn.Module], table: str, size_bytes: int
) -> None:
    ours = empty(build).state_dict()
    assert {key: tuple(tensor.shape) for key, tensor in ours.items()} == official.shapes(table)
    assert {tensor.dtype for tensor in ours.values()} == {torch.float32}


@pytest.mark.parametrize(("build", "table", "size_bytes"), PUBLISHED)
def test_the_published_file_has_room_for_these_numbers_and_their_names_only(
    build: type[nn.Module], table: str, size_bytes: int
) -> None:
    shapes = official.shapes(table).values()
    rest_bytes = size_bytes - 4 * sum(torch.Size(shape).numel() for shape in shapes)
    # torch spends 200 to 400 bytes on a tensor, by the version that wrote the file.
    assert 200 < rest_bytes / len(shapes) < 400


def network(**of: int) -> Network:
    return Network("small", partial(RRDBNet, blocks=1, **of), Signature(side_px=64, black=0))


def shapes(net: nn.Module) -> Shapes:
    return {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}


def test_an_official_checkpoint_loads_strictly_and_without_a_copy(tmp_path: Path) -> None:
    net = RRDBNet(scale=2, blocks=1)
    torch.save({"params_ema": net.state_dict()}, tmp_path / "net.pth")
    loaded = network(scale=2).load(tmp_path / "net.pth")
    for key, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, net.state_dict()[key.removeprefix("net.")])


def test_safetensors_in_float16_become_float32(tmp_path: Path) -> None:
    net = RRDBNet(blocks=1).half()
    save_file(net.state_dict(), tmp_path / "net.safetensors")
    arrays = read(tmp_path / "net.safetensors", shapes(net))
    for key, tensor in net.state_dict().items():
        assert arrays[key].dtype == np.float32
        assert (arrays[key] == tensor.numpy()).all()


def test_a_graph_gets_what_it_needs_and_a_network_takes_nothing_more(tmp_path: Path) -> None:
    state = {**RRDBNet(blocks=1).state_dict(), "more": torch.zeros(1)}
    torch.save({"params_ema": state}, tmp_path / "net.pth")
    arrays = network().arrays(tmp_path / "net.pth", {"net.conv_hr.bias": (64,)})
    assert list(arrays) == ["net.conv_hr.bias"]
    assert (arrays["net.conv_hr.bias"] == state["conv_hr.bias"].numpy()).all()
    with pytest.raises(LockInvalid, match=r'(?s)weights of RRDBNet.*"more"'):
        network().load(tmp_path / "net.pth")


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("executed",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"params": {}}, "no checkpoint of BasicSR"),
        ({"params_ema": {}}, "must hold conv_first.weight"),
        ({"params_ema": RRDBNet(scale=4, blocks=1).state_dict()}, r"with the shape \(64, 12, 3, 3\)"),
        ({"params_ema": {"conv_first.weight": "text"}}, "no checkpoint of BasicSR"),
        ({"params_ema": Evil()}, "no checkpoint of BasicSR"),
        ("text", "no checkpoint of BasicSR"),
    ],
    ids=["no weights", "none of them", "other shapes", "no tensor", "code", "no table"],
)
def test_anything_but_the_networks_weights_is_refused(
    content: object, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(LockInvalid, match=rf"net\.pth .*{message}"):
        network(scale=2).load(tmp_path / "net.pth")
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "message"), [("net.safetensors", "no file of safetensors"), ("net.h5", "no known format: '.h5'")]
)
def test_a_file_of_no_known_format_is_refused(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"text")
    with pytest.raises(LockInvalid, match=message):
        read(tmp_path / name, {})
