"""Torch: the reference on a CPU, the fast one on a GPU."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facecraft.runtime import Turn

# Captured shapes that are kept. Each holds its own activations: see the README for what that costs.
CAPTURES = 8
WARMUP_RUNS = 3  # cuDNN chooses its kernels in them

Shapes = tuple[tuple[int, ...], ...]


class TorchEngine:
    """Runs a network in torch, in the types that its parts have.

    Args:
        net: takes tensors and gives one; it is moved.
        device: "cpu" or "cuda".
        turn: held during a run; engines that share it run one at a time.
    """

    name = "torch"

    def __init__(self, net: nn.Module, device: str, turn: Turn) -> None:
        self._net = net.to(device).eval().requires_grad_(requires_grad=False)
        for module in self._net.modules():
            if isinstance(module, nn.Conv2d):  # a fifth faster on a CPU, and what tensor cores take
                module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = device
        self._dtype = next((each.dtype for each in net.parameters()), torch.float32)  # of what goes in
        self._turn = turn
        self._captured: OrderedDict[Shapes, Captured] = OrderedDict()

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        with self._turn, torch.inference_mode():
            tensors = tuple(self._as_tensor(array) for array in inputs)
            output = self._replay(tensors) if self._device == "cuda" else self._net(*tensors)
            return np.ascontiguousarray(output.numpy())

    def _as_tensor(self, array: NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        return tensor.to(self._dtype) if tensor.is_floating_point() else tensor

    def _replay(self, tensors: tuple[Tensor, ...]) -> Tensor:
        shapes = tuple(tuple(tensor.shape) for tensor in tensors)
        if shapes not in self._captured:
            while len(self._captured) >= CAPTURES:
                self._captured.popitem(last=False)
            self._captured[shapes] = capture(self._net, tensors)
        self._captured.move_to_end(shapes)
        return self._captured[shapes].replay(tensors)


@dataclass(frozen=True, slots=True)
class Captured:
    """A network's kernels for inputs of one shape, launched as one CUDA graph, with the buffers it works on.

    Attributes:
        sent: pinned, in host memory.
        inputs: on the device; the graph reads them.
        output: on the device; the graph writes it.
        received: pinned, in host memory.
    """

    graph: torch.cuda.CUDAGraph
    stream: torch.cuda.Stream
    sent: tuple[Tensor, ...]
    inputs: tuple[Tensor, ...]
    output: Tensor
    received: Tensor

    def replay(self, tensors: tuple[Tensor, ...]) -> Tensor:
        """Run on these inputs: up, through and down in one stream, waited for once at the end."""
        with torch.cuda.stream(self.stream):
            for pinned, device, tensor in zip(self.sent, self.inputs, tensors, strict=True):
                pinned.copy_(tensor)
                device.copy_(pinned, non_blocking=True)
            self.graph.replay()
            self.received.copy_(self.output, non_blocking=True)
        self.stream.synchronize()
        return self.received.clone()


def capture(net: nn.Module, tensors: tuple[Tensor, ...]) -> Captured:
    """Record what `net` does with inputs of these shapes and types."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    inputs = tuple(tensor.to("cuda") for tensor in tensors)
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARMUP_RUNS):
            net(*inputs)
    stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        output = net(*inputs)
    return Captured(
        graph=graph,
        stream=stream,
        sent=tuple(tensor.pin_memory() for tensor in tensors),
        inputs=inputs,
        output=output,
        received=torch.empty(output.shape, dtype=output.dtype, pin_memory=True),
    )
