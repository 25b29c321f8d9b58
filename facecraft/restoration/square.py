"""Networks that restore a whole aligned face, such as GFPGAN and CodeFormer."""

from collections.abc import Sequence

import numpy as np

from facecraft.restoration.engines.base import Engine
from facecraft.restoration.signature import Signature
from facecraft.types import FaceCrop, RGBImage


class SquareRestorer:
    """A Restorer with a network from an aligned square to one of the same size.

    Args:
        name: of the model, as in models.lock.
        engine: runs the network.
        signature: of the network.
    """

    def __init__(self, name: str, engine: Engine, signature: Signature) -> None:
        self.name = name
        self.face_size_px = signature.side_px
        self.takes_fidelity = "fidelity" in signature.takes
        self._engine = engine

    def input_side_px(self, source_px: float) -> int:  # noqa: ARG002
        return self.face_size_px

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        if not crops:
            return []
        pixels = np.stack([crop.image for crop in crops])
        further = (np.asarray(fidelities, np.float32),) if self.takes_fidelity else ()
        return list(self._engine.run(pixels, *further))
