"""GFPGAN 1.4 (Wang et al. 2021, arXiv:2101.04061) as a restorer of faces."""

from collections.abc import Sequence

import numpy as np

from facecraft.restoration.engines.base import Engine
from facecraft.types import FaceCrop, RGBImage


class GFPGAN:
    """Paints a clean face over a degraded one, from a generator that knows faces."""

    name = "gfpgan-1.4"
    face_size_px = 512
    takes_fidelity = False

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:  # noqa: ARG002
        return list(self._engine.run(np.stack([crop.image for crop in crops]))) if crops else []
