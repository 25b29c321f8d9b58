"""What needs a GPU: `pytest -m gpu`."""

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
from torch import nn

from facecraft.restoration.engines.torch import MAX_GRAPHS, TorchEngine
from tests.devices import CUDA
from tests.restoration.test_engines import FP16, NAMES, apart, inputs_of

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("samples", [1, 2, 8])
def test_captured_kernels_agree_with_float32_on_the_cpu(
    name: str, samples: int, network_of: Callable[[str], nn.Module]
) -> None:
    net = network_of(name)
    engine = TorchEngine(deepcopy(net).half(), CUDA)
    for _ in range(2):  # captured, then replayed on other inputs
        inputs = inputs_of(name, net, samples)
        assert apart(engine, inputs, net(*inputs)) < FP16


def test_more_shapes_than_are_kept_still_run(rrdbnet: nn.Module) -> None:
    engine = TorchEngine(deepcopy(rrdbnet).half(), CUDA)
    for side in range(16, 16 + 4 * (MAX_GRAPHS + 2), 4):
        assert engine.run(np.zeros((1, 3, side, side), np.float32)).shape == (1, 3, 4 * side, 4 * side)
    assert len(engine._graphs) == MAX_GRAPHS
