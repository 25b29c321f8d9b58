"""What runs a network."""

from typing import Any, Protocol

from numpy.typing import NDArray


class Engine(Protocol):
    """Runs one network. Safe to call from several threads; it runs one call after another.

    Attributes:
        name: as in FACECRAFT_ENGINE.
    """

    name: str

    def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
        """The network's output for its inputs; the first axis of each is the batch."""
        ...
