"""CodeFormer (Zhou et al. 2022, arXiv:2206.11253) as a restorer of faces."""

from collections.abc import Sequence

import numpy as np

from facecraft.restoration.engines.base import Engine
from facecraft.types import FaceCrop, RGBImage


class CodeFormer:
    """Paints a face from a codebook of clean ones; fidelity says how closely it follows the given one."""

    name = "codeformer"
    face_size_px = 512
    takes_fidelity = True

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        if not crops:
            return []
        pixels = np.stack([crop.image for crop in crops])
        return list(self._engine.run(pixels, np.asarray(fidelities, np.float32)))
