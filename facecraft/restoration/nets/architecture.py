"""A network's code: how to build it, and how to load its weights. Each file in this folder has one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn


@dataclass(frozen=True, slots=True)
class Architecture:
    """The code of a network.

    Attributes:
        build: makes the module, with meaningless weights.
        load: loads the weights of a file into a module, also if it is on the meta device.
        to_bfloat16: converts most of a UInt8IO module to bfloat16, which takes half the time on processors
            with bfloat16; None if it would change the result.
    """

    build: Callable[[], nn.Module]
    load: Callable[[nn.Module, Path], None]
    to_bfloat16: Callable[[nn.Module], None] | None = None
