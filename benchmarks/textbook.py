"""The networks as in the papers, in plain torch, with the checkpoint's tensors only.

They are the reference for the product's networks, for results (tests/restoration) and for speed. Each sample
has its own convolution weights, multiplied by its style, as in StyleGAN2's equations 1 and 3 and in the
published implementations.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

Weights = Mapping[str, Tensor]


def _conv(x: Tensor, weights: Weights, name: str, stride: int = 1) -> Tensor:
    weight = weights[f"{name}.weight"]
    padding = weight.shape[-1] // 2 if stride == 1 else 0
    return F.conv2d(x, weight, weights.get(f"{name}.bias"), stride, padding)


def _linear(x: Tensor, weights: Weights, name: str) -> Tensor:
    return F.linear(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"))


def _bilinear(x: Tensor, factor: float) -> Tensor:
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


def modulated_conv(x: Tensor, weight: Tensor, scale: Tensor, *, demodulate: bool) -> Tensor:
    """A convolution with its own weights for each sample.

    Args:
        x: (N, C, H, W).
        weight: (O, C, K, K).
        scale: (N, C), the style.
        demodulate: whether to scale each output channel's weights to length 1.
    """
    samples, channels, height, width = x.shape
    own = weight[None] * scale[:, None, :, None, None]
    if demodulate:
        own = own * torch.rsqrt(own.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8)
    grouped = own.reshape(-1, channels, *weight.shape[2:])
    x = x.reshape(1, samples * channels, height, width)
    y = F.conv2d(x, grouped, padding=weight.shape[-1] // 2, groups=samples)
    return y.reshape(samples, -1, height, width)


def _styled(x: Tensor, style: Tensor, noise: Tensor, weights: Weights, name: str) -> Tensor:
    conv = f"{name}.modulated_conv"
    scale = _linear(style, weights, f"{conv}.modulation")
    x = modulated_conv(x, weights[f"{conv}.weight"][0], scale, demodulate=True) * math.sqrt(2)
    x = x + weights[f"{name}.weight"] * noise
    return F.leaky_relu(x + weights[f"{name}.bias"], 0.2)


def _to_rgb(x: Tensor, style: Tensor, weights: Weights, name: str) -> Tensor:
    conv = f"{name}.modulated_conv"
    scale = _linear(style, weights, f"{conv}.modulation")
    return modulated_conv(x, weights[f"{conv}.weight"][0], scale, demodulate=False) + weights[f"{name}.bias"]


def _unet_block(x: Tensor, weights: Weights, name: str, factor: float) -> Tensor:
    y = _bilinear(F.leaky_relu(_conv(x, weights, f"{name}.conv1"), 0.2), factor)
    y = F.leaky_relu(_conv(y, weights, f"{name}.conv2"), 0.2)
    return y + _conv(_bilinear(x, factor), weights, f"{name}.skip")


def _pair(x: Tensor, weights: Weights, name: str) -> Tensor:
    return _conv(F.leaky_relu(_conv(x, weights, f"{name}.0"), 0.2), weights, f"{name}.2")


def gfpgan(x: Tensor, weights: Weights) -> Tensor:
    """Restore (N, 3, 512, 512), RGB, -1 to 1. The output has the same shape and range."""
    x = F.leaky_relu(_conv(x, weights, "conv_body_first"), 0.2)
    skips: list[Tensor] = []
    for level in range(7):
        x = _unet_block(x, weights, f"conv_body_down.{level}", 0.5)
        skips.insert(0, x)
    x = F.leaky_relu(_conv(x, weights, "final_conv"), 0.2)
    styles = _linear(x.reshape(len(x), -1), weights, "final_linear").reshape(len(x), 16, 512)
    conditions = []
    for level in range(7):
        x = _unet_block(x + skips[level], weights, f"conv_body_up.{level}", 2)
        conditions.append(
            (
                _pair(x, weights, f"condition_scale.{level}"),
                _pair(x, weights, f"condition_shift.{level}"),
            )
        )
    decoder = "stylegan_decoder"
    noise = [weights[f"{decoder}.noises.noise{layer}"] for layer in range(15)]
    y = weights[f"{decoder}.constant_input.weight"].repeat(len(x), 1, 1, 1)
    y = _styled(y, styles[:, 0], noise[0], weights, f"{decoder}.style_conv1")
    rgb = _to_rgb(y, styles[:, 1], weights, f"{decoder}.to_rgb1")
    for level, (scale, shift) in enumerate(conditions):
        index = 2 * level
        y = _bilinear(y, 2)
        y = _styled(y, styles[:, index + 1], noise[index + 1], weights, f"{decoder}.style_convs.{index}")
        half = y.shape[1] // 2
        y = torch.cat((y[:, :half], y[:, half:] * scale + shift), dim=1)
        y = _styled(y, styles[:, index + 2], noise[index + 2], weights, f"{decoder}.style_convs.{index + 1}")
        rgb = _to_rgb(y, styles[:, index + 3], weights, f"{decoder}.to_rgbs.{level}") + _bilinear(rgb, 2)
    return rgb


def _normed(x: Tensor, weights: Weights, name: str) -> Tensor:
    return F.group_norm(x, 32, weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-6)


def _residual(x: Tensor, weights: Weights, name: str) -> Tensor:
    y = _conv(F.silu(_normed(x, weights, f"{name}.norm1")), weights, f"{name}.conv1")
    y = _conv(F.silu(_normed(y, weights, f"{name}.norm2")), weights, f"{name}.conv2")
    same = f"{name}.conv_out.weight" not in weights
    return (x if same else _conv(x, weights, f"{name}.conv_out")) + y


def _attention(x: Tensor, weights: Weights, name: str) -> Tensor:
    h = _normed(x, weights, f"{name}.norm")
    q, k, v = (_conv(h, weights, f"{name}.{part}").flatten(2) for part in "qkv")
    share = torch.softmax(q.transpose(1, 2) @ k / math.sqrt(x.shape[1]), dim=2)
    return x + _conv((v @ share.transpose(1, 2)).reshape(x.shape), weights, f"{name}.proj_out")


def _block(x: Tensor, weights: Weights, name: str) -> Tensor:
    """Run the block with this name. Its keys show its kind."""
    if f"{name}.conv1.weight" in weights:
        return _residual(x, weights, name)
    if f"{name}.q.weight" in weights:
        return _attention(x, weights, name)
    if f"{name}.conv.weight" in weights and name.startswith("encoder"):
        return _conv(F.pad(x, (0, 1, 0, 1)), weights, f"{name}.conv", stride=2)
    if f"{name}.conv.weight" in weights:
        return _conv(F.interpolate(x, scale_factor=2, mode="nearest"), weights, f"{name}.conv")
    if weights[f"{name}.weight"].dim() == 1:
        return _normed(x, weights, name)
    return _conv(x, weights, name)


def _transformer_layer(tokens: Tensor, weights: Weights, name: str) -> Tensor:
    """Tokens are (N, 256, 512)."""
    h = F.layer_norm(tokens, (512,), weights[f"{name}.norm1.weight"], weights[f"{name}.norm1.bias"])
    placed = h + weights["position_emb"]
    attention = f"{name}.self_attn"
    weight, bias = weights[f"{attention}.in_proj_weight"], weights[f"{attention}.in_proj_bias"]
    q = F.linear(placed, weight[:512], bias[:512])
    k = F.linear(placed, weight[512:1024], bias[512:1024])
    v = F.linear(h, weight[1024:], bias[1024:])
    heads = []
    for head in range(8):
        part = slice(64 * head, 64 * head + 64)
        share = torch.softmax(q[..., part] @ k[..., part].transpose(1, 2) / 8, dim=2)
        heads.append(share @ v[..., part])
    tokens = tokens + _linear(torch.cat(heads, dim=2), weights, f"{attention}.out_proj")
    h = F.layer_norm(tokens, (512,), weights[f"{name}.norm2.weight"], weights[f"{name}.norm2.bias"])
    return tokens + _linear(F.gelu(_linear(h, weights, f"{name}.linear1")), weights, f"{name}.linear2")


def adain(content: Tensor, style: Tensor) -> Tensor:
    """Set each channel's mean and deviation to those of `style` (Huang & Belongie 2017, equation 8)."""

    def deviation(x: Tensor) -> Tensor:
        return torch.sqrt(x.var(dim=(2, 3), keepdim=True) + 1e-5)

    normal = (content - content.mean(dim=(2, 3), keepdim=True)) / deviation(content)
    return normal * deviation(style) + style.mean(dim=(2, 3), keepdim=True)


def codeformer(x: Tensor, fidelity: Tensor, weights: Weights) -> Tensor:
    """Restore (N, 3, 512, 512), RGB, -1 to 1, with fidelity, (N,).

    The output has the same shape and range.
    """
    encoder_sides = {5: 256, 8: 128, 11: 64, 14: 32}
    features = {}
    for index in range(25):
        x = _block(x, weights, f"encoder.blocks.{index}")
        if index in encoder_sides:
            features[encoder_sides[index]] = x
    tokens = _linear(x.flatten(2).transpose(1, 2), weights, "feat_emb")
    for layer in range(9):
        tokens = _transformer_layer(tokens, weights, f"ft_layers.{layer}")
    norm = weights["idx_pred_layer.0.weight"], weights["idx_pred_layer.0.bias"]
    chosen = _linear(F.layer_norm(tokens, (512,), *norm), weights, "idx_pred_layer.1").argmax(dim=2)
    codes = weights["quantize.embedding.weight"][chosen].permute(0, 2, 1).reshape(len(x), 256, 16, 16)
    y = adain(codes, x)
    generator_sides = {9: 32, 12: 64, 15: 128, 18: 256}
    for index in range(25):
        y = _block(y, weights, f"generator.blocks.{index}")
        if index in generator_sides:
            side = generator_sides[index]
            name = f"fuse_convs_dict.{side}"
            h = _residual(torch.cat((features[side], y), dim=1), weights, f"{name}.encode_enc")
            change = y * _pair(h, weights, f"{name}.scale") + _pair(h, weights, f"{name}.shift")
            y = y + fidelity.view(-1, 1, 1, 1) * change
    return y


def rrdbnet(x: Tensor, weights: Weights) -> Tensor:
    """Enlarge (N, 3, H, W), RGB, 0 to 1, to (N, 3, 4 H, 4 W)."""
    x = _conv(x, weights, "conv_first")
    y = x
    for block in range(23):
        outer = y
        for dense in (1, 2, 3):
            seen = [y]
            for conv in (1, 2, 3, 4):
                name = f"body.{block}.rdb{dense}.conv{conv}"
                seen.append(F.leaky_relu(_conv(torch.cat(seen, dim=1), weights, name), 0.2))
            y = y + 0.2 * _conv(torch.cat(seen, dim=1), weights, f"body.{block}.rdb{dense}.conv5")
        y = outer + 0.2 * y
    y = x + _conv(y, weights, "conv_body")
    for up in ("conv_up1", "conv_up2"):
        y = F.leaky_relu(_conv(F.interpolate(y, scale_factor=2, mode="nearest"), weights, up), 0.2)
    return _conv(F.leaky_relu(_conv(y, weights, "conv_hr"), 0.2), weights, "conv_last")
