"""RRDBNet, the generator of ESRGAN (Wang et al. 2018, arXiv:1809.00219) and Real-ESRGAN (2021)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

RESIDUAL_SCALE = 0.2  # ESRGAN §3.1: residuals are damped before they are added, for stability


def _conv(channels_in: int, channels_out: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=1)


class ResidualDenseBlock(nn.Module):
    """Five convolutions, each of which sees everything that came before it in the block."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.grow = nn.ModuleList(_conv(features + i * growth, growth) for i in range(4))
        self.fuse = _conv(features + 4 * growth, features)

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for conv in self.grow:
            seen = torch.cat((seen, F.leaky_relu(conv(seen), 0.2, inplace=True)), dim=1)
        return torch.add(x, self.fuse(seen), alpha=RESIDUAL_SCALE)


class ResidualInResidual(nn.Module):
    """Three dense blocks behind one damped skip connection."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(ResidualDenseBlock(features, growth) for _ in range(3)))

    def forward(self, x: Tensor) -> Tensor:
        return torch.add(x, self.blocks(x), alpha=RESIDUAL_SCALE)


class RRDBNet(nn.Module):
    """Enlarges an image four times.

    Input: (N, 3, H, W) float, RGB, 0 to 1. Output: (N, 3, 4H, 4W), about 0 to 1, not clipped.
    The modules are declared in order of execution, which is the order of ncnn's weight file.
    """

    def __init__(self, features: int = 64, blocks: int = 23, growth: int = 32) -> None:
        super().__init__()
        self.first = _conv(3, features)
        self.body = nn.Sequential(*(ResidualInResidual(features, growth) for _ in range(blocks)))
        self.body_out = _conv(features, features)
        self.up_1 = _conv(features, features)
        self.up_2 = _conv(features, features)
        self.refine = _conv(features, features)
        self.last = _conv(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = x + self.body_out(self.body(x))
        for up in (self.up_1, self.up_2):
            x = F.leaky_relu(up(F.interpolate(x, scale_factor=2, mode="nearest")), 0.2, inplace=True)
        last: Tensor = self.last(F.leaky_relu(self.refine(x), 0.2, inplace=True))
        return last
