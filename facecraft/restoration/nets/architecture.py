"""What each file in this folder says about its network: how to build it, and how to load its weights."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn


@dataclass(frozen=True, slots=True)
class Architecture:
    """The code of a network.

    Attributes:
        build: makes the module. Its weights mean nothing yet.
        load: gives a module, which may be on the meta device, the weights of a file.
        to_bfloat16: makes most of a module between pixels (UInt8IO) compute in bfloat16, which takes half the
            time on processors that have it; None if that would change the result.
    """

    build: Callable[[], nn.Module]
    load: Callable[[nn.Module, Path], None]
    to_bfloat16: Callable[[nn.Module], None] | None = None
