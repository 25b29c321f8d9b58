"""CodeFormer (Zhou et al. 2022, arXiv:2206.11253).

An encoder reads the face. A transformer predicts the matching entries of a codebook of clean faces. A
generator makes the image from these entries. Fidelity sets the influence of the encoder's features on the
generator. The code follows the paper and VQGAN's paper. Modules have the names of the checkpoint's keys.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facecraft.restoration.nets.vqgan import (
    CHANNELS,
    CODE_CHANNELS,
    CODE_SIDE,
    FUSED,
    Encoder,
    Generator,
    ResBlock,
    conv,
)

CODES = 1024
EMBEDDING = 512
HEADS = 8
LAYERS = 9


class FuseBlock(nn.Module):
    """Scales and shifts the generator's features by the encoder's (CodeFormer §3.3)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.encode_enc = ResBlock(2 * channels, channels)
        self.scale = nn.Sequential(conv(channels, channels), nn.LeakyReLU(0.2), conv(channels, channels))
        self.shift = nn.Sequential(conv(channels, channels), nn.LeakyReLU(0.2), conv(channels, channels))

    def forward(self, encoded: Tensor, x: Tensor, fidelity: Tensor) -> Tensor:
        h = self.encode_enc(torch.cat((encoded, x), dim=1))
        change: Tensor = x * self.scale(h) + self.shift(h)
        return x + fidelity[:, None, None, None] * change


class TransformerLayer(nn.Module):
    """Self-attention and a two-layer perceptron, each after a normalisation. Positions go into q and k."""

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

        The module's own forward would give an exported graph a fixed batch size.
        """
        attn = self.self_attn
        positioned = h + positions
        wq, wk, wv = attn.in_proj_weight.chunk(3)
        bq, bk, bv = attn.in_proj_bias.chunk(3)
        pairs = ((positioned, wq, bq), (positioned, wk, bk), (h, wv, bv))
        heads = (*h.shape[:2], HEADS, EMBEDDING // HEADS)
        q, k, v = (F.linear(t, w, b).view(heads).transpose(1, 2) for t, w, b in pairs)
        attended = F.scaled_dot_product_attention(q, k, v)
        y: Tensor = attn.out_proj(attended.transpose(1, 2).flatten(2))
        return y


class Codebook(nn.Module):
    """CODES entries for clean faces, with CODE_CHANNELS numbers each."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(CODES, CODE_CHANNELS)

    def forward(self, indices: Tensor) -> Tensor:
        """Look up (N, 256) indices, row by row: (N, CODE_CHANNELS, 16, 16)."""
        entries: Tensor = self.embedding(indices)
        return entries.transpose(1, 2).reshape(-1, CODE_CHANNELS, CODE_SIDE, CODE_SIDE)


def adain(content: Tensor, style: Tensor) -> Tensor:
    """Set the mean and deviation of each channel of `content` to those of `style` (Huang & Belongie 2017)."""
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
        plane, features = self.encoder(x)
        tokens = self.feat_emb(plane.flatten(2).transpose(1, 2))
        for layer in self.ft_layers:
            tokens = layer(tokens, self.position_emb)
        codes = self.quantize(self.idx_pred_layer(tokens).argmax(dim=2))
        y: Tensor = self.generator(adain(codes, plane), self.fuse_convs_dict, features, fidelity)
        return y
