"""Compare a cleaned photo with the clean original: values, gradients at two sizes, structure."""

from dataclasses import dataclass

import torch
from torch import Tensor

_LUMA = (0.299, 0.587, 0.114)
_GMS_C = 170 / 255**2  # of Xue et al. 2014, for values in 0..1
_SSIM_C1, _SSIM_C2 = 0.01**2, 0.03**2  # of Wang et al. 2004, for values in 0..1


@dataclass(frozen=True)
class LossWeights:
    """The weights of the terms; the Charbonnier term has the weight 1."""

    gradients: float = 0.5
    gradients_half: float = 0.5
    gms: float = 0.3
    gms_spread: float = 0.1
    ssim: float = 0.1


def loss(cleaned: Tensor, clean: Tensor, weights: LossWeights) -> Tensor:
    """The loss of a cleaned photo; both are RGB float N3HW in 0..1."""
    similarity = gradient_similarity(cleaned, clean)
    return (
        charbonnier(cleaned, clean)
        + weights.gradients * gradient_distance(cleaned, clean)
        + weights.gradients_half * gradient_distance(_half(cleaned), _half(clean))
        + weights.gms * (1 - similarity.mean())
        + weights.gms_spread * similarity.flatten(1).std(1).mean()
        + weights.ssim * (1 - ssim(cleaned, clean))
    )


def charbonnier(cleaned: Tensor, clean: Tensor) -> Tensor:
    """The mean absolute difference, smooth at 0."""
    return torch.sqrt((cleaned - clean) ** 2 + 1e-6).mean()


def gradient_distance(cleaned: Tensor, clean: Tensor) -> Tensor:
    """The mean absolute difference of the steps from pixel to pixel; it punishes soft edges."""
    difference = cleaned - clean
    return difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean()


def gradient_similarity(cleaned: Tensor, clean: Tensor) -> Tensor:
    """The map of GMSD (Xue et al. 2014), NHW at half size: 1 for equal gradient magnitudes."""
    a, b = _magnitude(cleaned), _magnitude(clean)
    return (2 * a * b + _GMS_C) / (a**2 + b**2 + _GMS_C)


def ssim(cleaned: Tensor, clean: Tensor) -> Tensor:
    """The mean structural similarity of the lumas, in windows of 7 by 7."""
    a, b = _luma(cleaned), _luma(clean)
    mean_a, mean_b = _window(a), _window(b)
    variances = _window(a**2 + b**2) - mean_a**2 - mean_b**2
    covariance = _window(a * b) - mean_a * mean_b
    structure = (2 * covariance + _SSIM_C2) / (variances + _SSIM_C2)
    lightness = (2 * mean_a * mean_b + _SSIM_C1) / (mean_a**2 + mean_b**2 + _SSIM_C1)
    return (structure * lightness).mean()


def _luma(photo: Tensor) -> Tensor:
    red, green, blue = photo.unbind(1)
    return _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue


def _half(values: Tensor) -> Tensor:
    """Means of 2 by 2 pixels. Pooling would take several times as long: a quarter of a training step."""
    rows = values[..., ::2, :] + values[..., 1::2, :]
    return (rows[..., ::2] + rows[..., 1::2]) / 4


def _window(values: Tensor) -> Tensor:
    """Means of 7 by 7 pixels, from sums of two, four and seven along each axis."""
    for axis in (-1, -2):
        length = values.shape[axis] - 6
        twos = values.narrow(axis, 0, length + 5) + values.narrow(axis, 1, length + 5)
        fours = twos.narrow(axis, 0, length) + twos.narrow(axis, 2, length)
        values = fours + twos.narrow(axis, 4, length) + values.narrow(axis, 6, length)
    return values / 49


def _magnitude(photo: Tensor) -> Tensor:
    """Magnitude of Prewitt gradients of the luma at half size, NHW, without a border of one pixel."""
    luma = _half(_luma(photo))
    rows = (luma[..., :-2, :] + luma[..., 1:-1, :] + luma[..., 2:, :]) / 3
    columns = (luma[..., :-2] + luma[..., 1:-1] + luma[..., 2:]) / 3
    across = rows[..., :-2] - rows[..., 2:]
    down = columns[..., :-2, :] - columns[..., 2:, :]
    # The slope of the root is infinite at 0.
    return torch.sqrt(across**2 + down**2 + 1e-8)
