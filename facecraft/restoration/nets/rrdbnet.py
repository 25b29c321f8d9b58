"""RRDBNet, the generator of ESRGAN (Wang et al. 2018, arXiv:1809.00219) and Real-ESRGAN (2021)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

RESIDUAL_SCALE = 0.2  # ESRGAN §3.1: residuals are damped before they are added, for stability
SLOPE = 0.2  # of every leaky ReLU


def _conv(channels_in: int, channels_out: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=1)


class ResidualDenseBlock(nn.Module):
    """Five convolutions. The input of each is the block's input and all earlier outputs."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = _conv(features, growth)
        self.conv2 = _conv(features + growth, growth)
        self.conv3 = _conv(features + 2 * growth, growth)
        self.conv4 = _conv(features + 3 * growth, growth)
        self.conv5 = _conv(features + 4 * growth, features)

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            seen = torch.cat((seen, F.leaky_relu(conv(seen), SLOPE, inplace=True)), dim=1)
        return torch.add(x, self.conv5(seen), alpha=RESIDUAL_SCALE)


class ResidualInResidual(nn.Module):
    """Three dense blocks with one damped skip connection around them."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = ResidualDenseBlock(features, growth)
        self.rdb2 = ResidualDenseBlock(features, growth)
        self.rdb3 = ResidualDenseBlock(features, growth)

    def forward(self, x: Tensor) -> Tensor:
        return torch.add(x, self.rdb3(self.rdb2(self.rdb1(x))), alpha=RESIDUAL_SCALE)


class RRDBNet(nn.Module):
    """Enlarges an image four times, or twice.

    Input: (N, 3, H, W) float, RGB, 0 to 1; H and W are even if `scale` is 2. Output: (N, 3, scale * H,
    scale * W), about 0 to 1, not clipped. For 2, each square of four pixels becomes one with twelve channels,
    and the same network enlarges it four times (Real-ESRGAN's x2plus). Modules have the names of the keys in
    Real-ESRGAN's checkpoints. They are declared in order of execution, like in ncnn's file.
    """

    def __init__(self, scale: int = 4, features: int = 64, blocks: int = 23, growth: int = 32) -> None:
        super().__init__()
        self._gather = 4 // scale
        self.conv_first = _conv(3 * self._gather**2, features)
        self.body = nn.Sequential(*(ResidualInResidual(features, growth) for _ in range(blocks)))
        self.conv_body = _conv(features, features)
        self.conv_up1 = _conv(features, features)
        self.conv_up2 = _conv(features, features)
        self.conv_hr = _conv(features, features)
        self.conv_last = _conv(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        if self._gather > 1:
            x = F.pixel_unshuffle(x, self._gather)
        x = self.conv_first(x)
        x = x + self.conv_body(self.body(x))
        for up in (self.conv_up1, self.conv_up2):
            x = F.leaky_relu(up(F.interpolate(x, scale_factor=2, mode="nearest")), SLOPE, inplace=True)
        y: Tensor = self.conv_last(F.leaky_relu(self.conv_hr(x), SLOPE, inplace=True))
        return y
