"""The cleaner: a U-Net that adds to a portrait photo what its way to us took."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Shape:
    """Widths and counts of blocks by level; level 0 works at half the photo's side, each next at half that.

    `encoder` counts the blocks before a level's way down (the last level has no further one), `decoder` those
    after its way up (one level fewer).
    """

    widths: tuple[int, ...] = (32, 64, 128, 160)
    encoder: tuple[int, ...] = (2, 2, 4, 2)
    decoder: tuple[int, ...] = (2, 2, 1)

    @property
    def multiple(self) -> int:
        """The sides of what goes in are multiples of this."""
        return 1 << len(self.widths)


class Block(nn.Module):
    """Two 3x3 convolutions added to what came in; new, it changes nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        _zero(self.second)

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.second(F.relu(self.first(x)))
        return x + residual


class Level(nn.Module):
    """One level of the U-Net, with all below it inside; what comes up is added, and new, it is 0."""

    def __init__(self, shape: Shape, index: int) -> None:
        super().__init__()
        width = shape.widths[index]
        self.encoder = _blocks(width, shape.encoder[index])
        self.has_below = index + 1 < len(shape.widths)
        if self.has_below:
            below = shape.widths[index + 1]
            self.down = nn.Conv2d(width, below, 2, stride=2)
            self.below = Level(shape, index + 1)
            self.up = nn.ConvTranspose2d(below, width, 2, stride=2)
            self.decoder = _blocks(width, shape.decoder[index])
            _zero(self.up)

    def forward(self, x: Tensor) -> Tensor:
        encoded: Tensor = self.encoder(x)
        if not self.has_below:
            return encoded
        decoded: Tensor = self.decoder(encoded + self.up(self.below(self.down(encoded))))
        return decoded


class Cleaner(nn.Module):
    """RGB float N3HW in 0..1, sides in multiples of `shape.multiple`, to the same; new, it adds nothing."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape or Shape()
        width = self.shape.widths[0]
        self.head = nn.Conv2d(12, width, 3, padding=1)
        self.levels = Level(self.shape, 0)
        self.tail = nn.Conv2d(width, 12, 3, padding=1)
        _zero(self.tail)

    def forward(self, photo: Tensor) -> Tensor:
        features = self.levels(self.head(F.pixel_unshuffle(photo, 2)))
        return photo + F.pixel_shuffle(self.tail(features), 2)


def clean(net: nn.Module, photo: Tensor, multiple: int) -> Tensor:
    """RGB float N3HW of any size in 0..1 to the same, clipped; the edge is repeated up to a multiple."""
    height, width = photo.shape[-2:]
    padded = F.pad(photo, (0, -width % multiple, 0, -height % multiple), mode="replicate")
    cleaned: Tensor = net(padded)
    return torch.clamp(cleaned[..., :height, :width], 0, 1)


def channels_last(net: Cleaner) -> Cleaner:
    """The same network, its weights laid out as the fastest convolutions want them."""
    placed: Cleaner = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return placed


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Block(width) for _ in range(count)))


def _zero(layer: nn.Conv2d | nn.ConvTranspose2d) -> None:
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
