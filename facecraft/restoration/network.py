"""Build one of our networks for an engine.

torch takes a second to import: only what builds a module imports it. An engine that runs a graph needs none.
"""

# ruff: noqa: PLC0415
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from facecraft.errors import LockInvalid
from facecraft.restoration.checkpoints import Arrays, Shapes, read
from facecraft.restoration.signature import Signature

if TYPE_CHECKING:
    from torch import Tensor, nn

Module: TypeAlias = "nn.Module"
PREFIX = "net."
"""Of the weights' names in a graph, which belongs to a UInt8IO and not to the network in it."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network's code and signature.

    Attributes:
        name: of the model.
        architecture: makes the module, with meaningless weights.
        bears_bfloat16: whether it draws the same picture in bfloat16.
    """

    name: str
    architecture: Callable[[], Module]
    signature: Signature
    bears_bfloat16: bool = True

    def load(self, path: Path) -> Module:
        """Build the network with uint8 input and output and the weights of a file, on the CPU, for inference.

        Raises:
            LockInvalid: the file does not hold exactly the network's weights.
        """
        import torch

        from facecraft.restoration.nets.uint8_io import UInt8IO

        with torch.device("meta"):  # skips random weights, because the file replaces them
            net = self.architecture()
        arrays = read(path, {name: tuple(each.shape) for name, each in net.state_dict().items()})
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        try:
            net.load_state_dict(tensors, strict=True, assign=True)
        except RuntimeError as error:
            raise LockInvalid(
                f"{path.name} does not hold the weights of {type(net).__name__}: {error}"
            ) from error
        return UInt8IO(net, self.signature).eval().requires_grad_(requires_grad=False)

    @staticmethod
    def arrays(path: Path, shapes: Shapes) -> Arrays:
        """Read the weights of a file that a graph needs.

        Args:
            path: the file.
            shapes: of the weights, by their names in the graph.

        Raises:
            LockInvalid: the file does not hold them.
        """
        found = read(path, {name.removeprefix(PREFIX): shape for name, shape in shapes.items()})
        return {name: found[name.removeprefix(PREFIX)] for name in shapes}

    def blank(self) -> Module:
        """Build the network with uint8 input and output and random weights; all tensors differ."""
        import torch

        from facecraft.restoration.nets.uint8_io import UInt8IO

        with torch.device("meta"):
            net = self.architecture()
        net = net.to_empty(device="cpu").requires_grad_(requires_grad=False)
        for tensor in (*net.parameters(), *net.buffers()):
            tensor.normal_(std=0.02)
        return UInt8IO(net, self.signature).eval()

    def inputs(self) -> "dict[str, Tensor]":
        """Make one sample of each input, by name."""
        import torch

        side = self.signature.side_px
        pixels = torch.zeros((1, side, side, 3), dtype=torch.uint8)
        return {"pixels": pixels} | {name: torch.zeros(1) for name in self.signature.takes}

    def free_axes(self) -> dict[str, list[int]]:
        """List the axes with a free length of each input, by name."""
        pixels = [0, 1, 2] if self.signature.any_side else [0]
        return {"pixels": pixels} | {name: [0] for name in self.signature.takes}
