"""SCRFD (Guo et al. 2021, arXiv:2105.04714) through insightface. Its weights are for research only."""

from pathlib import Path

import cv2
from insightface.model_zoo.scrfd import SCRFD

from facecraft.runtime.device import Device
from facecraft.runtime.onnx import make_session
from facecraft.types import Face, RGBImage

INPUT_PX = 640  # insightface's default; the image is fitted into a square of this side
SCORE_THRESHOLD = 0.5
KEEP_SESSION = 0  # with this `ctx_id` insightface does not change a session's providers


class Scrfd:
    """A Detector that uses insightface to decode the network's output."""

    def __init__(self, path: Path, device: Device) -> None:
        self._model = SCRFD(str(path), make_session(path, device))
        self._model.prepare(KEEP_SESSION, input_size=(INPUT_PX, INPUT_PX), det_thresh=SCORE_THRESHOLD)

    def detect(self, image: RGBImage) -> list[Face]:
        height, width = image.shape[:2]
        if min(height, width) * INPUT_PX < max(height, width):
            return []  # narrower than a pixel in the square: insightface would divide by zero
        rows, landmarks = self._model.detect(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        rows[:, [0, 2]] = rows[:, [0, 2]].clip(0, width)
        rows[:, [1, 3]] = rows[:, [1, 3]].clip(0, height)
        faces = [Face(row[:4], points, float(row[4])) for row, points in zip(rows, landmarks, strict=True)]
        return sorted(faces, key=lambda face: face.area_px, reverse=True)
