"""The interface of an engine."""

from typing import Any, Protocol

from numpy.typing import NDArray


class Engine(Protocol):
    """Runs one network of images. Safe to call from several threads; the calls run one after another.

    Attributes:
        name: a value of FACECRAFT_ENGINE.
    """

    name: str

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        """Run the network.

        Args:
            inputs: (N, H, W, 3) uint8, RGB, then the network's further inputs, each (N,) float32.

        Returns:
            (N, H', W', 3) uint8, RGB.
        """
        ...
