"""Things drawn over the face of the astronaut, skimage.data.astronaut()."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from facecraft.types import RGBImage

LEFT_EYE, RIGHT_EYE, MOUTH, CHIN = (203, 112), (245, 109), (228, 160), (230, 178)
SKIN, CLOTH, BLACK, WHITE = (224, 172, 150), (70, 90, 130), (20, 20, 22), (255, 255, 255)


def sunglasses(face: RGBImage) -> RGBImage:
    """Black glasses."""
    drawn = face.copy()
    for eye in (LEFT_EYE, RIGHT_EYE):
        cv2.ellipse(drawn, eye, (19, 13), 0, 0, 360, BLACK, cv2.FILLED, cv2.LINE_AA)
    cv2.line(drawn, LEFT_EYE, RIGHT_EYE, BLACK, 4, cv2.LINE_AA)
    return drawn


def mask(face: RGBImage) -> RGBImage:
    """A light blue mask from the nose to the chin."""
    drawn = face.copy()
    outline = np.array([[190, 132], [226, 120], [262, 132], [258, 168], [230, 186], [200, 170]])
    cv2.fillPoly(drawn, [outline], (150, 190, 215), cv2.LINE_AA)
    return drawn


def scarf(face: RGBImage) -> RGBImage:
    """A striped scarf over mouth and nose."""
    drawn = face.copy()
    cv2.rectangle(drawn, (165, 132), (290, 215), CLOTH, cv2.FILLED)
    for row in range(136, 215, 8):
        cv2.line(drawn, (165, row), (290, row + 5), (85, 110, 150), 2, cv2.LINE_AA)
    return drawn


def hand_over_the_mouth(face: RGBImage) -> RGBImage:
    """Four fingers across the mouth."""
    return _fingers(face, MOUTH, across=True)


def hand_over_an_eye(face: RGBImage) -> RGBImage:
    """Four fingers over the right eye."""
    return _fingers(face, RIGHT_EYE, across=False)


def lamps_on_glasses(face: RGBImage) -> RGBImage:
    """The light of a lamp on both glasses."""
    drawn = face.copy()
    for x, y in (LEFT_EYE, RIGHT_EYE):
        cv2.ellipse(drawn, (x + 2, y - 2), (9, 5), -20, 0, 360, WHITE, cv2.FILLED, cv2.LINE_AA)
    return drawn


def _fingers(face: RGBImage, middle: tuple[int, int], *, across: bool) -> RGBImage:
    drawn = face.copy()
    along, side = (np.array([30, 0]), np.array([0, 9])) if across else (np.array([0, 24]), np.array([9, 0]))
    for finger in (-1.5, -0.5, 0.5, 1.5):
        start, end = (np.rint(middle + finger * side + way * along).astype(int).tolist() for way in (-1, 1))
        cv2.line(drawn, start, end, tuple(int(0.8 * level) for level in SKIN), 11, cv2.LINE_AA)
        cv2.line(drawn, start, end, SKIN, 8, cv2.LINE_AA)
    return drawn


COVERS: Mapping[str, Callable[[RGBImage], RGBImage]] = {
    "sunglasses": sunglasses,
    "mask": mask,
    "scarf": scarf,
    "hand over the mouth": hand_over_the_mouth,
    "hand over an eye": hand_over_an_eye,
    "lamps on glasses": lamps_on_glasses,
}
