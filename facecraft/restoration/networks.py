"""The networks by the name of their model: how each is built and filled, and what it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from facecraft.restoration.nets.checkpoints import load_checkpoint
from facecraft.restoration.nets.codeformer import CodeFormer
from facecraft.restoration.nets.gfpgan import GFPGAN
from facecraft.restoration.nets.ncnn_weights import load_convolutions
from facecraft.restoration.nets.rrdbnet import RRDBNet
from facecraft.restoration.nets.uint8_io import UInt8IO


@dataclass(frozen=True, slots=True)
class Network:
    """What an engine is made from.

    Attributes:
        build: the network itself, with weights of no meaning.
        fill: gives it those of a file.
        low: what it has for a black pixel.
        side_px: of a square to trace it with.
        any_side: whether it takes pictures of any size.
        takes_fidelity: whether a second input, (N,) float, is the fidelity of each sample.
        to_bfloat16: makes most of it compute in bfloat16, which is twice as fast on processors that have it;
            None where the result would be another one.
    """

    build: Callable[[], nn.Module]
    fill: Callable[[nn.Module, Path], None]
    low: float
    side_px: int
    any_side: bool
    takes_fidelity: bool
    to_bfloat16: Callable[[nn.Module], None] | None = None

    def load(self, path: Path) -> nn.Module:
        """The network with a file's weights, on the CPU, between pixels, ready for inference.

        Raises:
            LockInvalid: the file does not hold exactly its weights.
        """
        with torch.device("meta"):  # nothing is drawn at random that the file replaces
            net = self.build()
        self.fill(net, path)
        return UInt8IO(net, self.low).eval().requires_grad_(requires_grad=False)

    def blank(self) -> nn.Module:
        """The network between pixels, with weights of no meaning, each tensor with its own."""
        with torch.device("meta"):
            net = self.build()
        net = net.to_empty(device="cpu").requires_grad_(requires_grad=False)
        for tensor in (*net.parameters(), *net.buffers()):
            tensor.normal_(std=0.02)
        return UInt8IO(net, self.low).eval()

    def inputs(self) -> dict[str, Tensor]:
        """One sample of what it takes between pixels, by name."""
        pixels = torch.zeros((1, self.side_px, self.side_px, 3), dtype=torch.uint8)
        return {"pixels": pixels} | ({"fidelity": torch.zeros(1)} if self.takes_fidelity else {})

    def free_axes(self) -> dict[str, list[int]]:
        """Which axes of each input may have any length."""
        pixels = {"pixels": [0, 1, 2] if self.any_side else [0]}
        return pixels | ({"fidelity": [0]} if self.takes_fidelity else {})


def _body_to_bfloat16(net: nn.Module) -> None:
    """Real-ESRGAN's blocks, 92 % of the work; the result is 0.2 % off (root mean square)."""
    net.get_submodule("net.body").to(torch.bfloat16)


_gfpgan = Network(GFPGAN, load_checkpoint, low=-1, side_px=512, any_side=False, takes_fidelity=False)
_codeformer = Network(CodeFormer, load_checkpoint, low=-1, side_px=512, any_side=False, takes_fidelity=True)
_x4plus = Network(
    RRDBNet,
    load_convolutions,
    low=0,
    side_px=64,
    any_side=True,
    takes_fidelity=False,
    to_bfloat16=_body_to_bfloat16,
)
_x2plus = replace(_x4plus, build=partial(RRDBNet, scale=2), fill=load_checkpoint)

NETWORKS: Mapping[str, Network] = {
    "gfpgan-1.4": _gfpgan,
    "codeformer": _codeformer,
    "realesrgan-x4plus": _x4plus,
    "realesrgan-x2plus": _x2plus,
}
