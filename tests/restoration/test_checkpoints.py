from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from facecraft.errors import LockInvalid
from facecraft.restoration.nets.checkpoints import load_checkpoint
from facecraft.restoration.nets.codeformer import CodeFormer
from facecraft.restoration.nets.gfpgan import GFPGAN
from facecraft.restoration.nets.rrdbnet import RRDBNet
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


def test_an_official_checkpoint_loads_strictly_and_without_a_copy(tmp_path: Path) -> None:
    net = RRDBNet(scale=2, blocks=1)
    torch.save({"params_ema": net.state_dict()}, tmp_path / "net.pth")
    loaded = RRDBNet(scale=2, blocks=1).to("meta")
    load_checkpoint(loaded, tmp_path / "net.pth")
    for key, tensor in loaded.state_dict().items():
        assert torch.equal(tensor, net.state_dict()[key])


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("executed",)


@pytest.mark.parametrize(
    "content",
    [
        {"params": {}},
        {"params_ema": {}},
        {"params_ema": {**RRDBNet(scale=2, blocks=1).state_dict(), "more": torch.zeros(1)}},
        {"params_ema": RRDBNet(scale=4, blocks=1).state_dict()},
        {"params_ema": Evil()},
        "text",
    ],
    ids=["no weights", "none of them", "one too many", "other shapes", "code", "no table"],
)
def test_anything_but_the_networks_weights_is_refused(
    content: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(LockInvalid, match=r"net\.pth does not hold the weights of RRDBNet"):
        load_checkpoint(RRDBNet(scale=2, blocks=1), tmp_path / "net.pth")
    assert "executed" not in capsys.readouterr().out
