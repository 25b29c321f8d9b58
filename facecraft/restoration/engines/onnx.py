"""ONNX Runtime."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from torch import nn

from facecraft.runtime.device import FairLock, check_providers

# The same numbers as in float32 on a CPU.
PROVIDER_OPTIONS = {"CUDAExecutionProvider": {"use_tf32": "0"}}


class OnnxEngine:
    """Runs a graph with a network's weights.

    Args:
        graph: as `engines.graphs` exports it.
        net: the network of that graph; it may be let go afterwards.
        providers: execution providers, best first.
        threads: of one run on the CPU.
        turn: held during a run; engines that share it run one at a time.
    """

    name = "onnxruntime"

    def __init__(
        self, graph: bytes, net: nn.Module, providers: Sequence[str], threads: int, turn: FairLock
    ) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        # Planned memory is kept beside what the first run took: 460 MB more for GFPGAN, and no faster.
        options.enable_mem_pattern = False
        weights = net.state_dict()
        names = [tensor.name for tensor in onnx.load_from_string(graph).graph.initializer]
        values = [ort.OrtValue.ortvalue_from_numpy(weights[name].numpy()) for name in names]
        options.add_external_initializers(names, values)
        chosen = [(each, PROVIDER_OPTIONS.get(each, {})) for each in providers]
        self._session = ort.InferenceSession(graph, options, providers=chosen)
        check_providers(self._session.get_providers(), providers)
        self._inputs = [value.name for value in self._session.get_inputs()]
        self._turn = turn

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        feed = dict(zip(self._inputs, inputs, strict=True))
        with self._turn:
            (output,) = self._session.run(None, feed)
        return np.asarray(output)
