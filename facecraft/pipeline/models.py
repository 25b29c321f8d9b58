"""The models of a pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass

from facecraft.detection.base import Detector
from facecraft.detection.facemesh import FaceMesh
from facecraft.matting.segmenters import Segmenter
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.upscaling import Upscaler


@dataclass(frozen=True, slots=True)
class Models:
    """The loaded models.

    Attributes:
        restorers: by name, the best first; `auto` is the first.
        upscalers: by factor.
    """

    detector: Detector
    mesh: FaceMesh
    segmenter: Segmenter
    restorers: Mapping[str, BatchingRestorer]
    upscalers: Mapping[int, Upscaler]

    def close(self) -> None:
        """End the threads of the restorers."""
        for restorer in self.restorers.values():
            restorer.close()
