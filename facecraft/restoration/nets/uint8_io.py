"""UInt8IO in, pixels out: what every network has around it."""

import torch
from torch import Tensor, nn


class UInt8IO(nn.Module):
    """A network of images that takes and gives bytes.

    On a GPU that is a quarter of the traffic; everywhere it is one step of an engine, and no copy in NumPy.

    Input: (N, H, W, 3) uint8, RGB, and whatever else the network takes. Output: the same kind, rounded.

    Args:
        net: takes and gives (N, 3, H, W) float.
        low: what the network has for a black pixel, 0 or -1; white is 1.
    """

    def __init__(self, net: nn.Module, low: float) -> None:
        super().__init__()
        self.net = net
        self._low = low

    def forward(self, pixels: Tensor, *rest: Tensor) -> Tensor:
        span = 1 - self._low
        dtype = next(self.net.parameters()).dtype
        x = pixels.permute(0, 3, 1, 2).to(dtype) * (span / 255) + self._low
        y: Tensor = (self.net(x, *rest) - self._low) * (255 / span)
        return y.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
