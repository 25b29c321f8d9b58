import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from benchmarks import textbook
from facecraft.restoration.nets.codeformer import Codebook, FuseBlock, adain
from facecraft.restoration.nets.gfpgan import (
    GENERATOR_CHANNELS,
    SIDES,
    STYLE_FEATURES,
    ModulatedConv2d,
    StyleConv,
    StyleGAN2Generator,
)
from tests.restoration.conftest import decisive, random_weights

EXACT = 1e-9  # in float64, relative to the largest value


def apart(ours: Tensor, reference: Tensor) -> float:
    assert ours.shape == reference.shape
    return float((ours - reference).abs().max() / reference.abs().max())


def doubled(net: nn.Module) -> nn.Module:
    return copy.deepcopy(net).double()


def slow_convolution(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(C, H, W) with (O, C, K, K) to (O, H, W): the definition, one pixel after another."""
    reach = weight.shape[-1] // 2
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach)))
    result = np.zeros((weight.shape[0], *x.shape[1:]))
    for row, column in np.ndindex(*x.shape[1:]):
        window = padded[:, row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        result[:, row, column] = (weight * window).sum(axis=(1, 2, 3))
    return result


def slow_doubling(x: np.ndarray) -> np.ndarray:
    """(C, H, W) to (C, 2 H, 2 W), bilinear between pixel centres; beyond the edge the last pixel."""
    _, height, width = x.shape
    result = np.zeros((x.shape[0], 2 * height, 2 * width))
    for row, column in np.ndindex(2 * height, 2 * width):
        y, left = max((row + 0.5) / 2 - 0.5, 0), max((column + 0.5) / 2 - 0.5, 0)
        top, start = int(y), int(left)
        bottom, end = min(top + 1, height - 1), min(start + 1, width - 1)
        v, h = y - top, left - start
        upper = (1 - h) * x[:, top, start] + h * x[:, top, end]
        lower = (1 - h) * x[:, bottom, start] + h * x[:, bottom, end]
        result[:, row, column] = (1 - v) * upper + v * lower
    return result


def slow_modulated(
    x: np.ndarray, conv: ModulatedConv2d, style: np.ndarray, *, demodulate: bool
) -> np.ndarray:
    """One sample through StyleGAN2's equations 1 and 3."""
    scale = conv.modulation.weight.numpy() @ style + conv.modulation.bias.numpy()
    weight = conv.weight[0].numpy() * scale[None, :, None, None]
    if demodulate:
        weight /= np.sqrt((weight**2).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
    return slow_convolution(x, weight)


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("kernel", [1, 3])
def test_a_modulated_convolution_scales_weights_per_sample(kernel: int, *, demodulate: bool) -> None:
    conv = ModulatedConv2d(4, 6, kernel, demodulate=demodulate).double().requires_grad_(requires_grad=False)
    x = torch.randn(3, 4, 5, 7, dtype=torch.float64)
    styles = torch.randn(3, STYLE_FEATURES, dtype=torch.float64)
    ours = conv(x, styles)
    for sample in range(3):
        expected = slow_modulated(x[sample].numpy(), conv, styles[sample].numpy(), demodulate=demodulate)
        assert apart(ours[sample], torch.from_numpy(expected)) < EXACT


@pytest.mark.parametrize("upsample", [True, False])
def test_a_style_convolution_enlarges_then_adds_noise_and_bias(*, upsample: bool) -> None:
    layer = StyleConv(4, 6, upsample=upsample).double().requires_grad_(requires_grad=False)
    layer.weight.normal_()
    layer.bias.normal_()
    x = torch.randn(2, 4, 3, 5, dtype=torch.float64)
    styles = torch.randn(2, STYLE_FEATURES, dtype=torch.float64)
    noise = torch.randn(1, 1, 6, 10, dtype=torch.float64) if upsample else torch.randn(1, 1, 3, 5).double()
    ours = layer(x, styles, noise)
    for sample in range(2):
        given = x[sample].numpy()
        large = slow_doubling(given) if upsample else given
        conv = slow_modulated(large, layer.modulated_conv, styles[sample].numpy(), demodulate=True)
        y = conv * np.sqrt(2) + layer.weight.numpy() * noise[0].numpy() + layer.bias[0].numpy()
        assert apart(ours[sample], torch.from_numpy(np.where(y > 0, y, 0.2 * y))) < EXACT


def test_only_the_second_half_of_the_channels_is_conditioned() -> None:
    generator = random_weights(StyleGAN2Generator()).double()
    styles = torch.randn(1, 16, STYLE_FEATURES, dtype=torch.float64)
    conditions = [
        [torch.randn(1, GENERATOR_CHANNELS[side] // 2, side, side, dtype=torch.float64) for side in SIDES]
        for _ in range(2)
    ]
    given: list[Tensor] = []
    made: list[Tensor] = []
    first, second = generator.style_convs[:2]  # type: ignore[index]
    first.register_forward_hook(lambda _net, _args, result: made.append(result))
    second.register_forward_hook(lambda _net, args, _result: given.append(args[0]))
    generator(styles, *conditions)
    assert torch.equal(given[0][:, :256], made[0][:, :256])
    expected = made[0][:, 256:] * conditions[0][0] + conditions[1][0]
    assert apart(given[0][:, 256:], expected) < EXACT


def test_gfpgan_agrees_with_the_textbook(gfpgan: nn.Module) -> None:
    x = torch.rand(1, 3, 512, 512) * 2 - 1
    assert apart(gfpgan(x), textbook.gfpgan(x, gfpgan.state_dict())) < 1e-4


def test_codeformer_agrees_with_the_textbook(codeformer: nn.Module) -> None:
    x, fidelity = decisive(codeformer, 1)
    assert apart(codeformer(x, fidelity), textbook.codeformer(x, fidelity, codeformer.state_dict())) < 1e-4


def test_rrdbnet_agrees_with_the_textbook(rrdbnet: nn.Module) -> None:
    net = doubled(rrdbnet)
    x = torch.rand(1, 3, 24, 16, dtype=torch.float64)
    assert apart(net(x), textbook.rrdbnet(x, net.state_dict())) < EXACT


def test_the_codebook_gives_each_place_its_entry() -> None:
    codebook = Codebook()
    indices = torch.randint(0, 1024, (2, 256))
    planes = codebook(indices)
    for sample, place in ((0, 0), (0, 17), (1, 255)):
        expected = codebook.embedding.weight[indices[sample, place]]
        assert torch.equal(planes[sample, :, place // 16, place % 16], expected)


def test_adain_gives_each_channel_the_mean_and_deviation_of_the_style() -> None:
    content = torch.randn(2, 3, 16, 16, dtype=torch.float64) * 5 + 2
    style = torch.randn(2, 3, 16, 16, dtype=torch.float64) * 0.3 - 1
    ours = adain(content, style).numpy()
    for place in np.ndindex(2, 3):
        given, wanted = content.numpy()[place], style.numpy()[place]
        normal = (given - given.mean()) / np.sqrt(given.var(ddof=1) + 1e-5)
        expected = normal * np.sqrt(wanted.var(ddof=1) + 1e-5) + wanted.mean()
        assert np.allclose(ours[place], expected, rtol=0, atol=1e-12)


def test_fidelity_is_each_samples_own_share_of_what_the_encoder_saw() -> None:
    block = FuseBlock(32).double().requires_grad_(requires_grad=False)
    encoded, x = torch.randn(2, 3, 32, 6, 6, dtype=torch.float64)
    none, full, mixed = (
        block(encoded, x, torch.tensor(shares, dtype=torch.float64))
        for shares in ([0, 0, 0], [1, 1, 1], [0, 1, 0.25])
    )
    assert torch.equal(none, x)
    h = block.encode_enc(torch.cat((encoded, x), dim=1))
    assert apart(full, x + x * block.scale(h) + block.shift(h)) < EXACT
    assert torch.equal(mixed[0], x[0])
    assert torch.equal(mixed[1], full[1])
    assert apart(mixed[2], x[2] + 0.25 * (full[2] - x[2])) < EXACT
