"""Measure a run quickly, on a few portraits outside of training."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facecraft.restoration.nets.cleaner import Cleaner
from training.data import RGBImage, to_tensor
from training.quality import DAMAGES, around_head, damage, score

_PROBED = ("noise 20, JPEG 60", "JPEG 25", "third, blur 1, noise 6, JPEG 40", "clean")


def clean(net: nn.Module, photo: Tensor, multiple: int) -> Tensor:
    """Clean RGB float N3HW in 0..1 of any size.

    The edge is repeated up to a multiple; the result is clipped.
    """
    height, width = photo.shape[-2:]
    padded = F.pad(photo, (0, -width % multiple, 0, -height % multiple), mode="replicate")
    cleaned: Tensor = net(padded)
    return torch.clamp(cleaned[..., :height, :width], 0, 1)


def cleaned(net: Cleaner, photo: RGBImage, device: str = "cpu") -> RGBImage:
    """Clean a photo with the network in full precision."""
    with torch.inference_mode():
        result = clean(net, to_tensor(photo[None]).to(device), net.shape.multiple)[0]
    levels = (result * 255).round().permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(levels, np.uint8)


class Probe:
    """Mean SSIM and GMSD around the head, by damage, as one line."""

    def __init__(self, photos: Sequence[RGBImage], device: str) -> None:
        self._device = device
        chosen = [each for each in DAMAGES if each.name in _PROBED]
        self._pairs = {
            each.name: [(photo, damage(photo, each, seed)) for seed, photo in enumerate(photos)]
            for each in chosen
        }

    def __call__(self, net: Cleaner) -> str:
        parts = []
        for name, pairs in self._pairs.items():
            scores = [
                score(around_head(cleaned(net, damaged, self._device)), around_head(photo))
                for photo, damaged in pairs
            ]
            ssim, gmsd = (np.mean([getattr(each, key) for each in scores]) for key in ("ssim", "gmsd"))
            parts.append(f"{name}: {ssim:.4f} {gmsd:.4f}")
        return "; ".join(parts)
