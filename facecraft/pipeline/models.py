"""The models of a pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass

from facecraft.detection.base import Detector
from facecraft.detection.facemesh import FaceMesh
from facecraft.detection.iris import IrisModel
from facecraft.matting.segmenters import Segmenter
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.cleaning import Cleaner
from facecraft.restoration.upscaling import Upscaler


@dataclass(frozen=True, slots=True)
class Models:
    """The loaded models.

    Attributes:
        cleaner: cleans whole photos; None if it is not loaded.
        restorers: of faces, by name, the best first.
        inventing: names of restorers that `auto` may use for a face with too little detail.
        upscalers: by factor.
    """

    detector: Detector
    mesh: FaceMesh
    iris: IrisModel
    segmenter: Segmenter
    cleaner: Cleaner | None
    restorers: Mapping[str, BatchingRestorer]
    inventing: frozenset[str]
    upscalers: Mapping[int, Upscaler]

    def close(self) -> None:
        """End the threads of the restorers."""
        for restorer in self.restorers.values():
            restorer.close()
