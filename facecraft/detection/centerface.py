"""CenterFace (Xu et al. 2019, arXiv:1911.03599): an anchor-free detector, 7 MB, MIT licence."""

from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray

from facecraft.runtime.device import Device
from facecraft.runtime.onnx import make_session
from facecraft.types import Face, RGBImage

STRIDE_PX = 4  # of the output maps
MULTIPLE_PX = 32  # the sides of the input are multiples of this
LONG_SIDE_PX = 640  # as for SCRFD: finds faces of 20 px or more; the time grows with its square
SCORE_THRESHOLD = 0.5
NMS_IOU = 0.3


class CenterFace:
    """The Detector of the default set."""

    def __init__(self, path: Path, device: Device) -> None:
        self._session = make_session(_with_free_shape(path), device)
        self._input = self._session.get_inputs()[0].name

    def detect(self, image: RGBImage) -> list[Face]:
        height, width = image.shape[:2]
        scale = min(1.0, LONG_SIDE_PX / max(height, width))
        inner_w, inner_h = max(1, round(width * scale)), max(1, round(height * scale))
        resized = cv2.resize(image, (inner_w, inner_h), interpolation=cv2.INTER_AREA)
        # Padded at the right and the bottom: stretching to a multiple of 32 would shift every landmark.
        padded = np.zeros((_round_up(inner_h), _round_up(inner_w), 3), np.float32)
        padded[:inner_h, :inner_w] = resized
        maps = self._session.run(None, {self._input: np.ascontiguousarray(padded.transpose(2, 0, 1)[None])})
        bboxes, landmarks, scores = _decode(*(m[0] for m in maps))
        keep = _suppress(bboxes, scores)
        size = np.array([width, height], np.float32)
        to_source = size / np.array([inner_w, inner_h], np.float32)
        corners = (bboxes[keep].reshape(-1, 2, 2) * to_source).clip(0, size)
        points = landmarks[keep] * to_source
        faces = [
            Face(bbox, five, float(score))
            for bbox, five, score in zip(corners.reshape(-1, 4), points, scores[keep], strict=True)
        ]
        return sorted(faces, key=lambda face: face.area_px, reverse=True)


def _round_up(side_px: int) -> int:
    return -(-side_px // MULTIPLE_PX) * MULTIPLE_PX


def _with_free_shape(path: Path) -> bytes:
    """Read the model, with a free batch, height and width.

    The file declares 10 x 3 x 32 x 32. It also lists every weight as an input, which keeps ONNX Runtime from
    folding them, and has unused batch counters, which make ONNX Runtime print warnings.
    """
    model = onnx.load(path)
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    read = {name for node in model.graph.node for name in node.input}
    used = [tensor for tensor in model.graph.initializer if tensor.name in read]
    del model.graph.initializer[:]
    model.graph.initializer.extend(used)
    del model.graph.value_info[:]
    for value in (*model.graph.input, *model.graph.output):
        dims = value.type.tensor_type.shape.dim
        for axis in (0, 2, 3):
            dims[axis].dim_param = f"{value.name}_{axis}"
    data: bytes = model.SerializeToString()
    return data


def _decode(
    heatmap: NDArray[np.float32],
    log_size: NDArray[np.float32],
    offset: NDArray[np.float32],
    points: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Convert the network's maps to boxes (N, 4), landmarks (N, 5, 2) and scores (N,), in input pixels.

    Args:
        heatmap: (1, h, w), probability that a face has its centre in the cell.
        log_size: (2, h, w), logarithm of the height and width, in cells.
        offset: (2, h, w), y x of the centre within the cell.
        points: (10, h, w), five times y x, from the box's corner, as shares of the box's sides.
    """
    rows, cols = np.nonzero(heatmap[0] > SCORE_THRESHOLD)
    at = (slice(None), rows, cols)
    height, width = np.exp(log_size[at]) * STRIDE_PX
    y1 = (rows + offset[at][0] + 0.5) * STRIDE_PX - height / 2
    x1 = (cols + offset[at][1] + 0.5) * STRIDE_PX - width / 2
    bboxes = np.stack((x1, y1, x1 + width, y1 + height), axis=1).astype(np.float32)
    relative = points[at].reshape(5, 2, -1)
    landmarks = np.stack((x1 + relative[:, 1] * width, y1 + relative[:, 0] * height), axis=-1)
    return bboxes, landmarks.transpose(1, 0, 2).astype(np.float32), heatmap[0][rows, cols]


def _suppress(bboxes: NDArray[np.float32], scores: NDArray[np.float32]) -> list[int]:
    """Suppress boxes that overlap a better one; returns the indices of the others, best first."""
    as_xywh = np.concatenate((bboxes[:, :2], bboxes[:, 2:] - bboxes[:, :2]), axis=1)
    kept = cv2.dnn.NMSBoxes(as_xywh.tolist(), scores.tolist(), SCORE_THRESHOLD, NMS_IOU)
    return [int(index) for index in np.ravel(kept)]
