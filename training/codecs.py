"""A picture through a codec and back."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray


def saved(image: NDArray[np.uint8], extension: str, settings: Sequence[int]) -> NDArray[np.uint8]:
    """RGB HW3 written as OpenCV writes files of that extension, and read again."""
    _, file = cv2.imencode(extension, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)
    read = cv2.imdecode(file, cv2.IMREAD_COLOR)
    if read is None:
        raise ValueError(f"OpenCV cannot read its own {extension}")
    return cv2.cvtColor(read, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
