"""OpenVINO, the fastest engine on a CPU."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecraft.runtime.device import Device
from facecraft.runtime.openvino import make_request


class OpenVinoEngine:
    """Runs a graph of one of our networks.

    Args:
        graph: from `engines.graphs`.
        weights: arrays of the graph's weights, by name.
        device: the engine's device. Engines on the same device run one at a time.
        bfloat16: whether it may compute in bfloat16, which takes half the time on processors that have it.

    Raises:
        DeviceUnavailable: OpenVINO is not installed, or the device is no CPU.
    """

    name = "openvino"

    def __init__(
        self, graph: bytes, weights: Mapping[str, NDArray[Any]], device: Device, *, bfloat16: bool
    ) -> None:
        self._request = make_request(graph, weights, device, bfloat16=bfloat16)
        self._model = self._request.get_compiled_model()
        self._lock = device.lock

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        with self._lock:
            (output,) = self._request.infer(inputs, share_inputs=True).to_tuple()
            # It would keep what the largest input so far needed, 116 MB for the cleaner. Without it the next
            # run takes as long.
            self._model.release_memory()
        return np.asarray(output)
