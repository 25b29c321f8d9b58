"""GFPGAN (Wang et al. 2021, arXiv:2101.04061), the "clean" architecture of version 1.4's checkpoint.

A U-Net removes the degradation. It predicts a style and, for each resolution, a scale and a shift of the
features. A StyleGAN2 generator (Karras et al. 2020, arXiv:1912.04958), trained on faces, makes the image from
them. Modules have the names of the checkpoint's keys, so that it loads with `strict=True`.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STYLE_FEATURES = 512
SLOPE = 0.2  # of every leaky ReLU
# Channels by side in pixels; the U-Net has half as many as the generator.
GENERATOR_CHANNELS = {4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128, 512: 64}
SIDES = tuple(side for side in GENERATOR_CHANNELS if side > 4)


def _conv(channels_in: int, channels_out: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2)


def _resize(x: Tensor, scale: float) -> Tensor:
    return F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)


class ModulatedConv2d(nn.Module):
    """A convolution with input channels scaled by a style (StyleGAN2 §2.2).

    The paper scales the weights for each sample. Scaling the input and, for demodulation, the output is the
    same function with constant weights: a batch is one convolution, and an engine prepares the weights once.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, *, demodulate: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(
            torch.randn(1, channels_out, channels_in, kernel, kernel) / (channels_in * kernel**2) ** 0.5
        )
        self.modulation = nn.Linear(STYLE_FEATURES, channels_in)
        nn.init.ones_(self.modulation.bias)
        self._demodulate = demodulate

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scale = self.modulation(style)
        weight = self.weight[0]
        y = F.conv2d(x * scale[:, :, None, None], weight, padding=weight.shape[-1] // 2)
        if self._demodulate:
            power = F.linear(scale.square(), weight.square().sum(dim=(2, 3)))
            y = y * torch.rsqrt(power + 1e-8)[:, :, None, None]
        return y


class StyleConv(nn.Module):
    """A modulated convolution with fixed noise, bias and activation; it may double its input's size."""

    def __init__(self, channels_in: int, channels_out: int, *, upsample: bool) -> None:
        super().__init__()
        self.modulated_conv = ModulatedConv2d(channels_in, channels_out, 3, demodulate=True)
        self.weight = nn.Parameter(torch.zeros(1))  # strength of the noise
        self.bias = nn.Parameter(torch.zeros(1, channels_out, 1, 1))
        self._upsample = upsample

    def forward(self, x: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        if self._upsample:
            x = _resize(x, 2)
        y = self.modulated_conv(x, style) * 2**0.5
        return F.leaky_relu(y + (self.weight * noise + self.bias), SLOPE)


class ToRGB(nn.Module):
    """Converts the features of one resolution to its part of the image."""

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        self.modulated_conv = ModulatedConv2d(channels_in, 3, 1, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        y: Tensor = self.modulated_conv(x, style) + self.bias
        return y


class ConstantInput(nn.Module):
    """The constant input of the generator."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, channels, 4, 4))

    def forward(self, samples: int) -> Tensor:
        return self.weight.expand(samples, -1, -1, -1)


class Noises(nn.Module):
    """The checkpoint's noise, one plane for each style convolution; it makes results repeatable."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("noise0", torch.randn(1, 1, 4, 4))
        for layer, side in enumerate((side for side in SIDES for _ in range(2)), start=1):
            self.register_buffer(f"noise{layer}", torch.randn(1, 1, side, side))

    def forward(self, layer: int) -> Tensor:
        return self.get_buffer(f"noise{layer}")


class StyleGAN2Generator(nn.Module):
    """StyleGAN2. Half of the features at each resolution are scaled and shifted (GFPGAN §3.4)."""

    def __init__(self) -> None:
        super().__init__()
        # From noise to style. The checkpoint has it, but it never runs: the U-Net predicts the style.
        self.style_mlp = nn.Sequential(nn.Identity())
        for _ in range(8):
            self.style_mlp.append(nn.Linear(STYLE_FEATURES, STYLE_FEATURES))
            self.style_mlp.append(nn.LeakyReLU(SLOPE))
        channels = GENERATOR_CHANNELS[4]
        self.constant_input = ConstantInput(channels)
        self.style_conv1 = StyleConv(channels, channels, upsample=False)
        self.to_rgb1 = ToRGB(channels)
        self.noises = Noises()
        self.style_convs = nn.ModuleList()
        self.to_rgbs = nn.ModuleList()
        for side in SIDES:
            before, channels = channels, GENERATOR_CHANNELS[side]
            self.style_convs.append(StyleConv(before, channels, upsample=True))
            self.style_convs.append(StyleConv(channels, channels, upsample=False))
            self.to_rgbs.append(ToRGB(channels))

    def forward(self, styles: Tensor, scales: list[Tensor], shifts: list[Tensor]) -> Tensor:
        """Make the image.

        Args:
            styles: (N, 16, 512), one for each convolution; the first of each resolution shares the style of
                the ToRGB before it.
            scales: one for each of SIDES, (N, half the channels, side, side).
            shifts: as `scales`.

        Returns:
            (N, 3, 512, 512).
        """
        x = self.style_conv1(self.constant_input(styles.shape[0]), styles[:, 0], self.noises(0))
        rgb: Tensor = self.to_rgb1(x, styles[:, 1])
        for level, (scale, shift) in enumerate(zip(scales, shifts, strict=True)):
            first = 2 * level + 1
            x = self.style_convs[2 * level](x, styles[:, first], self.noises(first))
            kept, conditioned = x.chunk(2, dim=1)
            x = torch.cat((kept, conditioned * scale + shift), dim=1)
            x = self.style_convs[2 * level + 1](x, styles[:, first + 1], self.noises(first + 1))
            rgb = self.to_rgbs[level](x, styles[:, first + 2]) + _resize(rgb, 2)
        return rgb


class ResBlock(nn.Module):
    """Two convolutions with a change of size between them, and a skip connection."""

    def __init__(self, channels_in: int, channels_out: int, scale: float) -> None:
        super().__init__()
        self.conv1 = _conv(channels_in, channels_in)
        self.conv2 = _conv(channels_in, channels_out)
        self.skip = nn.Conv2d(channels_in, channels_out, 1, bias=False)
        self._scale = scale

    def forward(self, x: Tensor) -> Tensor:
        y = _resize(F.leaky_relu(self.conv1(x), SLOPE), self._scale)
        y = F.leaky_relu(self.conv2(y), SLOPE)
        skipped: Tensor = self.skip(_resize(x, self._scale))
        return y + skipped


def _condition(channels: int) -> nn.Sequential:
    return nn.Sequential(_conv(channels, channels), nn.LeakyReLU(SLOPE), _conv(channels, channels))


class GFPGAN(nn.Module):
    """Restores aligned faces.

    Input: (N, 3, 512, 512) float, RGB, -1 to 1. Output: the same, about -1 to 1, not clipped.
    """

    def __init__(self) -> None:
        super().__init__()
        channels = {side: count // 2 for side, count in GENERATOR_CHANNELS.items()}
        down = tuple(reversed(channels))
        self.conv_body_first = _conv(3, channels[512], 1)
        self.conv_body_down = nn.ModuleList(
            ResBlock(channels[side], channels[half], 0.5) for side, half in pairwise(down)
        )
        self.final_conv = _conv(channels[4], channels[4])
        self.conv_body_up = nn.ModuleList(ResBlock(channels[side // 2], channels[side], 2) for side in SIDES)
        # Images for the loss in training. The checkpoint has it, but it never runs.
        self.toRGB = nn.ModuleList(_conv(channels[side], 3, 1) for side in SIDES)
        self.final_linear = nn.Linear(channels[4] * 4 * 4, (2 * len(SIDES) + 2) * STYLE_FEATURES)
        self.stylegan_decoder = StyleGAN2Generator()
        self.condition_scale = nn.ModuleList(_condition(channels[side]) for side in SIDES)
        self.condition_shift = nn.ModuleList(_condition(channels[side]) for side in SIDES)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.conv_body_first(x), SLOPE)
        skips: list[Tensor] = []
        for block in self.conv_body_down:
            x = block(x)
            skips.append(x)
        x = F.leaky_relu(self.final_conv(x), SLOPE)
        styles = self.final_linear(x.flatten(1)).view(-1, 2 * len(SIDES) + 2, STYLE_FEATURES)
        scales: list[Tensor] = []
        shifts: list[Tensor] = []
        for block, skip, scale, shift in zip(
            self.conv_body_up, reversed(skips), self.condition_scale, self.condition_shift, strict=True
        ):
            x = block(x + skip)
            scales.append(scale(x))
            shifts.append(shift(x))
        y: Tensor = self.stylegan_decoder(styles, scales, shifts)
        return y
