"""CodeFormer (Zhou et al. 2022, arXiv:2206.11253).

An encoder reads the face, a transformer predicts which entries of a codebook of clean faces describe it, and
a generator paints them; the encoder's features steer the generator as far as fidelity asks for. Written from
the paper, VQGAN's (arXiv:2012.09841) and the checkpoint's keys, which the module names are.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CODE_CHANNELS = 256
CODES = 1024
CODE_SIDE = 16
EMBEDDING = 512
HEADS = 8
LAYERS = 9
# Channels by side in pixels. At the lowest resolution, pixels attend to each other.
CHANNELS = {512: 64, 256: 128, 128: 128, 64: 256, 32: 256, 16: 512}
FUSED = (32, 64, 128, 256)  # sides at which fidelity has a say


def _conv(channels_in: int, channels_out: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2)


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(32, channels, eps=1e-6)


class ResBlock(nn.Module):
    """Two convolutions after normalisation, beside a skip."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.norm1 = _norm(channels_in)
        self.conv1 = _conv(channels_in, channels_out)
        self.norm2 = _norm(channels_out)
        self.conv2 = _conv(channels_out, channels_out)
        if channels_in != channels_out:
            self.conv_out = _conv(channels_in, channels_out, 1)
        self._same = channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        y: Tensor = self.conv2(F.silu(self.norm2(h)))
        skipped: Tensor = x if self._same else self.conv_out(x)
        return skipped + y


class AttnBlock(nn.Module):
    """Every pixel attends to every other one, with a single head."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _norm(channels)
        self.q = _conv(channels, channels, 1)
        self.k = _conv(channels, channels, 1)
        self.v = _conv(channels, channels, 1)
        self.proj_out = _conv(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(x)
        q, k, v = (part(h).flatten(2).transpose(1, 2) for part in (self.q, self.k, self.v))
        seen = F.scaled_dot_product_attention(q, k, v)
        y: Tensor = self.proj_out(seen.transpose(1, 2).reshape(x.shape))
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
        self.conv = _conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))
        return y


def _stage(side: int, channels_in: int, channels_out: int) -> list[nn.Module]:
    """Two residual blocks, each with attention behind it at the codes' resolution."""
    blocks: list[nn.Module] = []
    for channels in (channels_in, channels_out):
        blocks.append(ResBlock(channels, channels_out))
        if side == CODE_SIDE:
            blocks.append(AttnBlock(channels_out))
    return blocks


def _middle(channels: int) -> list[nn.Module]:
    return [ResBlock(channels, channels), AttnBlock(channels), ResBlock(channels, channels)]


class Encoder(nn.Module):
    """From the picture to a plane of features, and on the way those that are fused."""

    def __init__(self) -> None:
        super().__init__()
        channels = CHANNELS[512]
        blocks: list[nn.Module] = [_conv(3, channels)]
        self._taps: dict[int, int] = {}
        for side, wider in CHANNELS.items():
            blocks += _stage(side, channels, wider)
            self._taps[len(blocks) - 1] = side
            channels = wider
            if side > CODE_SIDE:
                blocks.append(Downsample(channels))
        blocks += [*_middle(channels), _norm(channels), _conv(channels, CODE_CHANNELS)]
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
        seen: dict[int, Tensor] = {}
        for index, block in enumerate(self.blocks):
            x = block(x)
            side = self._taps.get(index)
            if side in FUSED:
                seen[side] = x
        return x, seen


class Generator(nn.Module):
    """From a plane of codes to the picture; after each resolution's first block `fuse` has its say."""

    def __init__(self) -> None:
        super().__init__()
        channels = CHANNELS[CODE_SIDE]
        blocks: list[nn.Module] = [_conv(CODE_CHANNELS, channels), *_middle(channels)]
        self._taps: dict[int, int] = {}
        for side, narrower in reversed(CHANNELS.items()):
            self._taps[len(blocks)] = side
            blocks += _stage(side, channels, narrower)
            channels = narrower
            if side < 512:
                blocks.append(Upsample(channels))
        blocks += [_norm(channels), _conv(channels, 3)]
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor, fusers: nn.ModuleDict, seen: dict[int, Tensor], fidelity: Tensor) -> Tensor:
        for index, block in enumerate(self.blocks):
            x = block(x)
            side = self._taps.get(index)
            if side in FUSED:
                x = fusers[str(side)](seen[side], x, fidelity)
        return x


class FuseBlock(nn.Module):
    """Scales and shifts the generator's features by what the encoder saw (CodeFormer §3.3)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.encode_enc = ResBlock(2 * channels, channels)
        self.scale = nn.Sequential(_conv(channels, channels), nn.LeakyReLU(0.2), _conv(channels, channels))
        self.shift = nn.Sequential(_conv(channels, channels), nn.LeakyReLU(0.2), _conv(channels, channels))

    def forward(self, encoded: Tensor, x: Tensor, fidelity: Tensor) -> Tensor:
        h = self.encode_enc(torch.cat((encoded, x), dim=1))
        change: Tensor = x * self.scale(h) + self.shift(h)
        return x + fidelity[:, None, None, None] * change


class TransformerLayer(nn.Module):
    """Self-attention and a two-layer perceptron, each after normalisation; positions count for q and k."""

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(EMBEDDING, HEADS)
        self.linear1 = nn.Linear(EMBEDDING, 2 * EMBEDDING)
        self.linear2 = nn.Linear(2 * EMBEDDING, EMBEDDING)
        self.norm1 = nn.LayerNorm(EMBEDDING)
        self.norm2 = nn.LayerNorm(EMBEDDING)

    def forward(self, x: Tensor, positions: Tensor) -> Tensor:
        x = x + self._attend(self.norm1(x), positions)
        y: Tensor = self.linear2(F.gelu(self.linear1(self.norm2(x))))
        return x + y

    def _attend(self, h: Tensor, positions: Tensor) -> Tensor:
        """Multi-head attention over (N, tokens, EMBEDDING), with the module's weights.

        Written out, because the module's own forward leaves the graph of an export fixed to one batch size.
        """
        attn = self.self_attn
        placed = h + positions
        wq, wk, wv = attn.in_proj_weight.chunk(3)
        bq, bk, bv = attn.in_proj_bias.chunk(3)
        pairs = ((placed, wq, bq), (placed, wk, bk), (h, wv, bv))
        heads = (*h.shape[:2], HEADS, EMBEDDING // HEADS)
        q, k, v = (F.linear(t, w, b).view(heads).transpose(1, 2) for t, w, b in pairs)
        seen = F.scaled_dot_product_attention(q, k, v)
        y: Tensor = attn.out_proj(seen.transpose(1, 2).flatten(2))
        return y


class Codebook(nn.Module):
    """The entries that describe clean faces, CODE_CHANNELS numbers each."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(CODES, CODE_CHANNELS)

    def forward(self, indices: Tensor) -> Tensor:
        """(N, 256) indices, row by row, to (N, CODE_CHANNELS, 16, 16)."""
        entries: Tensor = self.embedding(indices)
        return entries.transpose(1, 2).reshape(-1, CODE_CHANNELS, CODE_SIDE, CODE_SIDE)


def adain(content: Tensor, style: Tensor) -> Tensor:
    """Give each channel of `content` the mean and deviation of `style`'s (Huang & Belongie 2017)."""
    mean, deviation = _moments(content)
    style_mean, style_deviation = _moments(style)
    return (content - mean) / deviation * style_deviation + style_mean


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    mean = x.mean(dim=(2, 3), keepdim=True)
    count = x.shape[2] * x.shape[3]
    variance = (x - mean).square().sum(dim=(2, 3), keepdim=True) / (count - 1)
    return mean, torch.sqrt(variance + 1e-5)


class CodeFormer(nn.Module):
    """Restores aligned faces.

    Input: (N, 3, 512, 512) float, RGB, -1 to 1, and fidelity, (N,) float, 0 to 1. Output: (N, 3, 512, 512),
    about -1 to 1, not clipped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.quantize = Codebook()
        self.generator = Generator()
        self.position_emb = nn.Parameter(torch.zeros(CODE_SIDE**2, EMBEDDING))
        self.feat_emb = nn.Linear(CODE_CHANNELS, EMBEDDING)
        self.ft_layers = nn.ModuleList(TransformerLayer() for _ in range(LAYERS))
        self.idx_pred_layer = nn.Sequential(nn.LayerNorm(EMBEDDING), nn.Linear(EMBEDDING, CODES, bias=False))
        self.fuse_convs_dict = nn.ModuleDict({str(side): FuseBlock(CHANNELS[side]) for side in FUSED})

    def forward(self, x: Tensor, fidelity: Tensor) -> Tensor:
        features, seen = self.encoder(x)
        tokens = self.feat_emb(features.flatten(2).transpose(1, 2))
        for layer in self.ft_layers:
            tokens = layer(tokens, self.position_emb)
        codes = self.quantize(self.idx_pred_layer(tokens).argmax(dim=2))
        y: Tensor = self.generator(adain(codes, features), self.fuse_convs_dict, seen, fidelity)
        return y
