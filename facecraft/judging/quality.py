"""Components of ISO/IEC 29794-5: what a face image is worth to a biometric system. One row adds one.

The formulas are the standard's; BSI's OFIQ is its open reference. Here they are computed on the points of
MediaPipe's mesh and iris model and on our own segmentation, where OFIQ has other models. So the values are
not OFIQ's, and nothing is certified.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from facecraft.imaging.head import Head
from facecraft.judging import light, measures
from facecraft.judging.evidence import Evidence
from facecraft.judging.light import FaceLight
from facecraft.types import Component

LEAST_COS = 0.1  # a profile has no distance between the eyes to speak of


@dataclass(frozen=True, slots=True)
class Definition:
    """One component.

    Attributes:
        name: the standard's; stable, it is part of the API.
        unit: of the raw value.
        detail: the meaning of the raw value. T is the distance from the middle of the eyes to the chin.
        measure: returns the raw value; None if there is nothing to measure.
        score: of the raw value; clamped to 0 to 100 and rounded, it is the quality.
    """

    name: str
    unit: str
    detail: str
    measure: Callable[[Evidence], float | None]
    score: Callable[[float], float]


def assess(evidence: Evidence) -> tuple[Component, ...]:
    """Every component of a picture, in the order of DEFINITIONS."""
    return tuple(_component(definition, definition.measure(evidence)) for definition in DEFINITIONS)


def sigmoid(x: float, middle: float, width: float) -> float:
    """0 to 1, and 0.5 at `middle`; it rises over some widths."""
    return 1 / (1 + math.exp(min((middle - x) / width, 700.0)))  # a larger exponent overflows


def _component(definition: Definition, value: float | None) -> Component:
    quality = None
    if value is not None:
        value = round(value, 4)  # score the same value as the one that is shown
        quality = round(min(max(definition.score(value), 0.0), 100.0))
    return Component(definition.name, value, quality, definition.unit, definition.detail)


def _of_head(measure: Callable[[Evidence, Head], float]) -> Callable[[Evidence], float | None]:
    return lambda e: None if e.head is None else measure(e, e.head)


def _of_light(measure: Callable[[FaceLight], float]) -> Callable[[Evidence], float | None]:
    return lambda e: None if e.face_light is None else measure(e.face_light)


def _eyes_open(evidence: Evidence, head: Head) -> float | None:
    eyes = evidence.eyes
    if eyes is None:
        return None
    # The eyes may be in the photo's pixels: their own distance takes the gap to those of the picture.
    return eyes.gap_px / eyes.distance_px * head.eyes_px / head.chin_px


def _inter_eye_distance(evidence: Evidence) -> float | None:
    if evidence.head is None or evidence.points is None:
        return None
    cos = math.cos(math.radians(measures.yaw_deg(evidence.points)))
    return evidence.head.eyes_px * evidence.reduced / max(cos, LEAST_COS)


def _mouth_closed(evidence: Evidence) -> float | None:
    if evidence.head is None or evidence.points is None:
        return None
    return measures.lip_gap_px(evidence.points) / evidence.head.chin_px


def _rightward(evidence: Evidence, head: Head) -> float:
    return (int(evidence.image.shape[1]) - 0.5 - float(head.eyes[1, 0])) / head.eyes_px


def _below(evidence: Evidence, head: Head) -> float:
    return (int(evidence.image.shape[0]) - 0.5 - float(head.middle[1])) / head.chin_px


DEFINITIONS = (
    Definition(
        "eyes_open",
        "T",
        "largest distance of the lids of the eye that is less open",
        lambda e: None if e.head is None else _eyes_open(e, e.head),
        lambda x: 100 * sigmoid(x, 0.02, 0.01),
    ),
    Definition(
        "mouth_closed",
        "T",
        "largest distance of the inner lips",
        _mouth_closed,
        lambda x: 100 * (1 - sigmoid(x, 0.2, 0.06)),
    ),
    Definition(
        "inter_eye_distance",
        "px",
        "distance between the eyes over the cosine of the yaw",
        _inter_eye_distance,
        lambda x: 100 * sigmoid(x, 70, 20),
    ),
    Definition(
        "head_size",
        "share",
        "difference between T over the picture's height and 0.45",
        _of_head(lambda e, head: abs(head.chin_px / e.image.shape[0] - 0.45)),
        lambda x: 200 * (1 - sigmoid(x, 0, 0.05)),
    ),
    Definition(
        "leftward_crop_of_the_face_image",
        "eye distances",
        "distance of the left eye in the picture from the left edge",
        _of_head(lambda _e, head: (float(head.eyes[0, 0]) + 0.5) / head.eyes_px),
        lambda x: 100 * sigmoid(x, 0.9, 0.1),
    ),
    Definition(
        "rightward_crop_of_the_face_image",
        "eye distances",
        "distance of the right eye in the picture from the right edge",
        _of_head(_rightward),
        lambda x: 100 * sigmoid(x, 0.9, 0.1),
    ),
    Definition(
        "margin_above_of_the_face_image",
        "T",
        "distance of the middle of the eyes from the upper edge",
        _of_head(lambda _e, head: (float(head.middle[1]) + 0.5) / head.chin_px),
        lambda x: 100 * sigmoid(x, 1.4, 0.1),
    ),
    Definition(
        "margin_below_of_the_face_image",
        "T",
        "distance of the middle of the eyes from the lower edge",
        _of_head(_below),
        lambda x: 100 * sigmoid(x, 1.8, 0.1),
    ),
    Definition(
        "luminance_mean",
        "share",
        "mean luminance of the face",
        _of_light(lambda face: face.mean),
        lambda x: 100 * sigmoid(x, 0.2, 0.05) * (1 - sigmoid(x, 0.8, 0.05)),
    ),
    Definition(
        "luminance_variance",
        "share",
        "variance of the luminance of the face",
        _of_light(lambda face: face.variance),
        lambda x: 100 * math.sin(np.pi * 60 * x / (60 * x + 1)),
    ),
    Definition(
        "dynamic_range",
        "bits",
        "entropy of the luminance of the face",
        _of_light(lambda face: face.entropy),
        lambda x: 12.5 * x,
    ),
    Definition(
        "over_exposure_prevention",
        "share",
        "share of the face with a luminance of 247 to 255",
        _of_light(lambda face: face.bright),
        lambda x: 1 / (x + 0.01),
    ),
    Definition(
        "under_exposure_prevention",
        "share",
        "share of the face with a luminance of 0 to 25",
        _of_light(lambda face: face.dark),
        lambda x: 120 * (0.832 - sigmoid(x, 0.92, 0.05)),
    ),
    Definition(
        "illumination_uniformity",
        "share",
        "what the histograms of the luminance of both cheeks have in common",
        _of_light(lambda face: face.overlap),
        lambda x: 100 * x**0.3,
    ),
    Definition(
        "background_uniformity",
        "levels",
        "mean gradient of the luminance behind the person",
        lambda e: light.roughness(e.image, e.person),
        lambda x: 190 * (1 - sigmoid(x, 10, 100)),
    ),
    Definition(
        "natural_colour",
        "CIE76",
        "distance of the cheeks' mean colour from those of skin; 100 on the green or the blue side of grey",
        _of_light(lambda face: face.unnatural),
        lambda x: 200 * (1 - sigmoid(x, 0, 10)),
    ),
)
