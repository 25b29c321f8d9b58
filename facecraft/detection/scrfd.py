"""SCRFD (Guo et al. 2021, arXiv:2105.04714) through insightface; weights for non-commercial research."""

from collections.abc import Sequence
from pathlib import Path

import cv2
from insightface import model_zoo

from facecraft.runtime.device import check_providers
from facecraft.types import Face, RGBImage

INPUT_PX = 640  # insightface's own default; the picture is fitted into this square
SCORE_THRESHOLD = 0.5


class Scrfd:
    """A Detector around insightface's."""

    def __init__(self, name: str, path: Path, providers: Sequence[str]) -> None:
        self.name = name
        self._model = model_zoo.get_model(str(path), providers=list(providers))
        check_providers(self._model.session.get_providers(), providers)
        cpu_only = -1
        self._model.prepare(
            cpu_only if providers[0] == "CPUExecutionProvider" else 0,
            input_size=(INPUT_PX, INPUT_PX),
            det_thresh=SCORE_THRESHOLD,
        )

    def detect(self, image: RGBImage) -> list[Face]:
        height, width = image.shape[:2]
        if min(height, width) * INPUT_PX < max(height, width):
            return []  # a line once it is fitted into the square; insightface would divide by zero
        rows, landmarks = self._model.detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        rows[:, [0, 2]] = rows[:, [0, 2]].clip(0, width)
        rows[:, [1, 3]] = rows[:, [1, 3]].clip(0, height)
        faces = [Face(row[:4], points, float(row[4])) for row, points in zip(rows, landmarks, strict=True)]
        return sorted(faces, key=lambda face: face.area_px, reverse=True)
