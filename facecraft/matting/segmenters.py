"""Models that tell a person from what is behind."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Protocol

import cv2
import numpy as np
import onnxruntime as ort
from ai_edge_litert.interpreter import Interpreter

from facecraft.types import Plane, RGBImage


class Segmenter(Protocol):
    """Tells a person from what is behind, coarsely."""

    name: str

    def segment(self, image: RGBImage) -> Plane:
        """(h, w) float32, 0 to 1, over the whole of the picture: how likely each place is a person."""
        ...


class SelfieSegmentation:
    """MediaPipe's selfie segmentation, general model, in LiteRT: 256 px, under 4 ms on one core."""

    name = "selfie-segmentation"

    def __init__(self, path: Path) -> None:
        self._interpreter = Interpreter(model_path=str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        (given,), (made,) = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        self._input, self._output = given["index"], made["index"]
        self._side = int(given["shape"][1])
        self._lock = Lock()  # an interpreter holds its tensors

    def segment(self, image: RGBImage) -> Plane:
        small = cv2.resize(image, (self._side, self._side), interpolation=cv2.INTER_AREA)
        with self._lock:
            self._interpreter.set_tensor(self._input, small[None].astype(np.float32) / 255)
            self._interpreter.invoke()
            return np.array(self._interpreter.get_tensor(self._output)[0, :, :, 0], np.float32)


class ModNet:
    """MODNet (Ke et al. 2022, arXiv:2011.11961), photographic portrait matting, in ONNX Runtime.

    RGB in [-1, 1], sides multiples of 32, the shorter one near 512, as its authors run it.
    """

    name = "modnet"
    side_px = 512

    def __init__(self, path: Path, providers: Sequence[str], threads: int) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = ort.InferenceSession(path, options, providers=list(providers))
        self._input = self._session.get_inputs()[0].name

    def segment(self, image: RGBImage) -> Plane:
        height, width = image.shape[:2]
        scale = self.side_px / min(height, width)
        longest = 2 * self.side_px  # a panorama would be a thousand pixels wide, and more
        sides = [min(longest, max(32, round(side * scale / 32) * 32)) for side in (width, height)]
        small = cv2.resize(image, sides, interpolation=cv2.INTER_AREA)
        pixels = (small.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
        (plane,) = self._session.run(None, {self._input: np.ascontiguousarray(pixels)})
        return np.asarray(plane[0, 0], np.float32)
