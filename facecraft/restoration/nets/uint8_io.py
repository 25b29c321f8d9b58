"""Wrap a network with uint8 input and output."""

import torch
from torch import Tensor, nn

from facecraft.restoration.signature import Signature


class UInt8IO(nn.Module):
    """A network with uint8 input and output.

    On a GPU this transfers a quarter of the data; on every device it saves a copy in NumPy.

    Input: (N, H, W, 3) uint8, RGB, and the network's further inputs. Output: (N, H, W, 3) uint8, rounded.

    Args:
        net: its input and output are (N, 3, H, W) float.
        signature: of `net`.
    """

    def __init__(self, net: nn.Module, signature: Signature) -> None:
        super().__init__()
        self.net = net
        self._black = signature.black
        self._span = signature.span

    def forward(self, pixels: Tensor, *further: Tensor) -> Tensor:
        dtype = next(self.net.parameters()).dtype
        x = pixels.permute(0, 3, 1, 2).to(dtype) * (self._span / 255) + self._black
        y: Tensor = (self.net(x, *further) - self._black) * (255 / self._span)
        return y.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
