"""Torch: the reference on a CPU, the fast one on a GPU."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facecraft.runtime.device import FairLock

CAPTURES = 8
"""Shapes whose kernels are kept; what is least used goes."""
SEEN = 64
"""Shapes that are remembered as having come once."""
WARMUP_RUNS = 3  # before a capture, as torch asks for: they load and tune kernels, which a capture cannot

Shapes = tuple[tuple[int, ...], ...]


class TorchEngine:
    """Runs a network in torch, in the types that its parts have.

    Args:
        net: takes tensors and gives one; it is moved.
        device: "cpu" or "cuda".
        turn: held during a run; engines that share it run one at a time.
    """

    name = "torch"

    def __init__(self, net: nn.Module, device: str, turn: FairLock) -> None:
        self._net = net.to(device).eval().requires_grad_(requires_grad=False)
        for module in self._net.modules():
            if isinstance(module, nn.Conv2d):  # a fifth faster on a CPU, and what tensor cores take
                module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = device
        self._dtype = next((each.dtype for each in net.parameters()), torch.float32)  # of what goes in
        self._turn = turn
        self._lane: CaptureStream | None = None
        self._captured: OrderedDict[Shapes, Captured] = OrderedDict()
        self._seen: deque[Shapes] = deque(maxlen=SEEN)

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        with self._turn, torch.inference_mode():
            tensors = tuple(self._as_tensor(array) for array in inputs)
            output = self._on_gpu(tensors) if self._device == "cuda" else self._net(*tensors)
            return np.ascontiguousarray(output.numpy())

    def _as_tensor(self, array: NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        return tensor.to(self._dtype) if tensor.is_floating_point() else tensor

    def _on_gpu(self, tensors: tuple[Tensor, ...]) -> Tensor:
        """Launch one by one what comes for the first time: a capture takes as long as several runs."""
        padded = tuple(_padded(tensor) for tensor in tensors)
        shapes = tuple(tuple(tensor.shape) for tensor in padded)
        if shapes not in self._captured and shapes not in self._seen:
            self._seen.append(shapes)
            result: Tensor = self._net(*(tensor.to(self._device) for tensor in tensors))
            return result.cpu()
        if shapes not in self._captured:
            while len(self._captured) >= CAPTURES:
                self._captured.popitem(last=False)
            self._lane = self._lane or CaptureStream.make()
            self._captured[shapes] = capture(self._net, padded, self._lane)
        self._captured.move_to_end(shapes)
        return self._captured[shapes].replay(padded)[: len(tensors[0])]


def _padded(tensor: Tensor) -> Tensor:
    """With its last sample repeated up to the next power of two, so that few batch sizes are captured."""
    count = len(tensor)
    wanted = 1 << (count - 1).bit_length()
    return (
        torch.cat((tensor, tensor[-1:].expand(wanted - count, *tensor.shape[1:])))
        if wanted > count
        else tensor
    )


@dataclass(frozen=True, slots=True)
class CaptureStream:
    """What an engine's captures share, since one is replayed after the other: a stream, and their memory."""

    stream: torch.cuda.Stream
    pool: Any

    @classmethod
    def make(cls) -> "CaptureStream":
        return cls(torch.cuda.Stream(), torch.cuda.graph_pool_handle())  # type: ignore[no-untyped-call]


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


def capture(net: nn.Module, tensors: tuple[Tensor, ...], lane: CaptureStream) -> Captured:
    """Record what `net` does with inputs of these shapes and types."""
    inputs = tuple(tensor.to("cuda") for tensor in tensors)
    lane.stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(lane.stream):
        for _ in range(WARMUP_RUNS):
            net(*inputs)
    lane.stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    # Other threads run detectors meanwhile, and may allocate.
    with torch.cuda.graph(graph, pool=lane.pool, stream=lane.stream, capture_error_mode="thread_local"):
        output = net(*inputs)
    return Captured(
        graph=graph,
        stream=lane.stream,
        sent=tuple(tensor.pin_memory() for tensor in tensors),
        inputs=inputs,
        output=output,
        received=torch.empty(output.shape, dtype=output.dtype, pin_memory=True),
    )
