"""The encoder and the generator of VQGAN (Esser et al. 2021, arXiv:2012.09841), in CodeFormer's variant.

Modules have the names of the keys in CodeFormer's checkpoint.
"""

from torch import Tensor, nn
from torch.nn import functional as F

CODE_CHANNELS = 256
CODE_SIDE = 16
# Channels by side in pixels. The lowest resolution has attention.
CHANNELS = {512: 64, 256: 128, 128: 128, 64: 256, 32: 256, 16: 512}
FUSED = (32, 64, 128, 256)  # sides at which encoder and generator are fused


def conv(channels_in: int, channels_out: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2)


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(32, channels, eps=1e-6)


class ResBlock(nn.Module):
    """Two convolutions, each after a normalisation, and a skip connection."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.norm1 = _norm(channels_in)
        self.conv1 = conv(channels_in, channels_out)
        self.norm2 = _norm(channels_out)
        self.conv2 = conv(channels_out, channels_out)
        if channels_in != channels_out:
            self.conv_out = conv(channels_in, channels_out, 1)
        self._same = channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        y: Tensor = self.conv2(F.silu(self.norm2(h)))
        skipped: Tensor = x if self._same else self.conv_out(x)
        return skipped + y


class AttnBlock(nn.Module):
    """Self-attention between all pixels, with one head."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _norm(channels)
        self.q = conv(channels, channels, 1)
        self.k = conv(channels, channels, 1)
        self.v = conv(channels, channels, 1)
        self.proj_out = conv(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(x)
        q, k, v = (part(h).flatten(2).transpose(1, 2) for part in (self.q, self.k, self.v))
        attended = F.scaled_dot_product_attention(q, k, v)
        y: Tensor = self.proj_out(attended.transpose(1, 2).reshape(x.shape))
        return x + y


class Downsample(nn.Module):
    """Halves the sides."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(F.pad(x, (0, 1, 0, 1)))
        return y


class Upsample(nn.Module):
    """Doubles the sides."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))
        return y


def _stage(side: int, channels_in: int, channels_out: int) -> list[nn.Module]:
    """Make two residual blocks; at the codes' resolution, with attention after each."""
    blocks: list[nn.Module] = []
    for channels in (channels_in, channels_out):
        blocks.append(ResBlock(channels, channels_out))
        if side == CODE_SIDE:
            blocks.append(AttnBlock(channels_out))
    return blocks


def _middle(channels: int) -> list[nn.Module]:
    return [ResBlock(channels, channels), AttnBlock(channels), ResBlock(channels, channels)]


class Encoder(nn.Module):
    """From the image to a plane of features; also returns the features for FUSED sides."""

    def __init__(self) -> None:
        super().__init__()
        channels = CHANNELS[512]
        blocks: list[nn.Module] = [conv(3, channels)]
        self._taps: dict[int, int] = {}
        for side, wider in CHANNELS.items():
            blocks += _stage(side, channels, wider)
            self._taps[len(blocks) - 1] = side
            channels = wider
            if side > CODE_SIDE:
                blocks.append(Downsample(channels))
        blocks += [*_middle(channels), _norm(channels), conv(channels, CODE_CHANNELS)]
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        features: dict[int, Tensor] = {}
        for index, block in enumerate(self.blocks):
            x = block(x)
            side = self._taps.get(index)
            if side in FUSED:
                features[side] = x
        return x, features


class Generator(nn.Module):
    """From a plane of codes to the image; fuses features after the first block of each side in FUSED."""

    def __init__(self) -> None:
        super().__init__()
        channels = CHANNELS[CODE_SIDE]
        blocks: list[nn.Module] = [conv(CODE_CHANNELS, channels), *_middle(channels)]
        self._taps: dict[int, int] = {}
        for side, narrower in reversed(CHANNELS.items()):
            self._taps[len(blocks)] = side
            blocks += _stage(side, channels, narrower)
            channels = narrower
            if side < 512:
                blocks.append(Upsample(channels))
        blocks += [_norm(channels), conv(channels, 3)]
        self.blocks = nn.ModuleList(blocks)

    def forward(
        self, x: Tensor, fusers: nn.ModuleDict, features: dict[int, Tensor], fidelity: Tensor
    ) -> Tensor:
        for index, block in enumerate(self.blocks):
            x = block(x)
            side = self._taps.get(index)
            if side in FUSED:
                x = fusers[str(side)](features[side], x, fidelity)
        return x
