"""Torch, the reference on a CPU and the fastest engine on a GPU."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facecraft.runtime.device import Device

MAX_GRAPHS = 8
"""Largest number of CUDA graphs, one for each shape of the inputs. The least recently used one is dropped."""
MAX_SHAPES = 64
"""Number of shapes to remember after their first use."""
WARMUP_RUNS = 3  # before a capture, as torch requires: a capture cannot load and tune kernels

Shapes = tuple[tuple[int, ...], ...]


class TorchEngine:
    """Runs a network in torch, with the data type of its weights.

    Args:
        net: the network. The engine moves it to the device.
        device: the engine's device. Engines on the same device run one at a time.
    """

    name = "torch"

    def __init__(self, net: nn.Module, device: Device) -> None:
        self._net = net.to(device.kind).eval().requires_grad_(requires_grad=False)
        for module in self._net.modules():
            if isinstance(module, nn.Conv2d):  # a fifth faster on a CPU, and the layout of tensor cores
                module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if device.kind == "cpu":
            torch.set_num_threads(device.threads)  # of the whole process
        self._kind = device.kind
        self._dtype = next((each.dtype for each in net.parameters()), torch.float32)  # of the inputs
        self._lock = device.lock
        self._stream: CaptureStream | None = None
        self._graphs: OrderedDict[Shapes, CapturedGraph] = OrderedDict()
        self._shapes: deque[Shapes] = deque(maxlen=MAX_SHAPES)

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        with self._lock, torch.inference_mode():
            tensors = tuple(self._as_tensor(array) for array in inputs)
            output = self._run_on_gpu(tensors) if self._kind == "cuda" else self._net(*tensors)
            return np.ascontiguousarray(output.numpy())

    def _as_tensor(self, array: NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        return tensor.to(self._dtype) if tensor.is_floating_point() else tensor

    def _run_on_gpu(self, tensors: tuple[Tensor, ...]) -> Tensor:
        """Capture shapes at their second use, because a capture takes as long as several runs."""
        padded = tuple(_pad(tensor) for tensor in tensors)
        shapes = tuple(tuple(tensor.shape) for tensor in padded)
        if shapes not in self._graphs and shapes not in self._shapes:
            self._shapes.append(shapes)
            result: Tensor = self._net(*(tensor.to(self._kind) for tensor in tensors))
            return result.cpu()
        if shapes not in self._graphs:
            while len(self._graphs) >= MAX_GRAPHS:
                self._graphs.popitem(last=False)
            self._stream = self._stream or CaptureStream.make()
            self._graphs[shapes] = capture(self._net, padded, self._stream)
        self._graphs.move_to_end(shapes)
        return self._graphs[shapes].replay(padded)[: len(tensors[0])]


def _pad(tensor: Tensor) -> Tensor:
    """Repeat the last sample up to the next power of two, so that only a few batch sizes are captured."""
    count = len(tensor)
    padded = 1 << (count - 1).bit_length()
    return (
        torch.cat((tensor, tensor[-1:].expand(padded - count, *tensor.shape[1:])))
        if padded > count
        else tensor
    )


@dataclass(frozen=True, slots=True)
class CaptureStream:
    """The stream and the memory of all graphs of an engine, which run one after another."""

    stream: torch.cuda.Stream
    pool: Any

    @classmethod
    def make(cls) -> "CaptureStream":
        return cls(torch.cuda.Stream(), torch.cuda.graph_pool_handle())  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class CapturedGraph:
    """A CUDA graph of a network's kernels for inputs of one shape, with their buffers.

    Attributes:
        sent: the inputs in host memory, pinned.
        inputs: on the device; the graph reads them.
        output: on the device; the graph writes it.
        received: the output in host memory, pinned.
    """

    graph: torch.cuda.CUDAGraph
    stream: torch.cuda.Stream
    sent: tuple[Tensor, ...]
    inputs: tuple[Tensor, ...]
    output: Tensor
    received: Tensor

    def replay(self, tensors: tuple[Tensor, ...]) -> Tensor:
        """Upload the inputs, run and download the output in one stream; wait once at the end."""
        with torch.cuda.stream(self.stream):
            for pinned, device, tensor in zip(self.sent, self.inputs, tensors, strict=True):
                pinned.copy_(tensor)
                device.copy_(pinned, non_blocking=True)
            self.graph.replay()
            self.received.copy_(self.output, non_blocking=True)
        self.stream.synchronize()
        return self.received.clone()


def capture(net: nn.Module, tensors: tuple[Tensor, ...], shared: CaptureStream) -> CapturedGraph:
    """Record the kernels of `net` for inputs of these shapes and types."""
    inputs = tuple(tensor.to("cuda") for tensor in tensors)
    shared.stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(shared.stream):
        for _ in range(WARMUP_RUNS):
            net(*inputs)
    shared.stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    # Other threads run detectors at the same time and may allocate memory.
    with torch.cuda.graph(graph, pool=shared.pool, stream=shared.stream, capture_error_mode="thread_local"):
        output = net(*inputs)
    return CapturedGraph(
        graph=graph,
        stream=shared.stream,
        sent=tuple(tensor.pin_memory() for tensor in tensors),
        inputs=inputs,
        output=output,
        received=torch.empty(output.shape, dtype=output.dtype, pin_memory=True),
    )
