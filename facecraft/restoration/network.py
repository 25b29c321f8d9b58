"""Build one of our networks for an engine."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from facecraft.restoration.nets.architecture import Architecture
from facecraft.restoration.nets.uint8_io import UInt8IO
from facecraft.restoration.signature import Signature


@dataclass(frozen=True, slots=True)
class Network:
    """A network's code and signature."""

    architecture: Architecture
    signature: Signature

    def load(self, path: Path) -> nn.Module:
        """Build the network with uint8 input and output and the weights of a file, on the CPU, for inference.

        Raises:
            LockInvalid: the file does not hold exactly the network's weights.
        """
        with torch.device("meta"):  # skips random weights, because the file replaces them
            net = self.architecture.build()
        self.architecture.load(net, path)
        return UInt8IO(net, self.signature).eval().requires_grad_(requires_grad=False)

    def blank(self) -> nn.Module:
        """Build the network with uint8 input and output and random weights; all tensors differ."""
        with torch.device("meta"):
            net = self.architecture.build()
        net = net.to_empty(device="cpu").requires_grad_(requires_grad=False)
        for tensor in (*net.parameters(), *net.buffers()):
            tensor.normal_(std=0.02)
        return UInt8IO(net, self.signature).eval()

    def inputs(self) -> dict[str, Tensor]:
        """Make one sample of each input, by name."""
        side = self.signature.side_px
        pixels = torch.zeros((1, side, side, 3), dtype=torch.uint8)
        return {"pixels": pixels} | {name: torch.zeros(1) for name in self.signature.takes}

    def free_axes(self) -> dict[str, list[int]]:
        """List the axes with a free length of each input, by name."""
        pixels = [0, 1, 2] if self.signature.any_side else [0]
        return {"pixels": pixels} | {name: [0] for name in self.signature.takes}
