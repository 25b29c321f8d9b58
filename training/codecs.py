"""Encode a picture and decode it again."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray


def reencode(image: NDArray[np.uint8], extension: str, settings: Sequence[int]) -> NDArray[np.uint8]:
    """Encode RGB HW3 with OpenCV in the format of an extension, and decode it again."""
    _, file = cv2.imencode(extension, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)
    read = cv2.imdecode(file, cv2.IMREAD_COLOR)
    if read is None:
        raise ValueError(f"OpenCV cannot read its own {extension}")
    return cv2.cvtColor(read, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
