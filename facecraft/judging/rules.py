"""The rules for judging a portrait. One row adds a rule.

The limits on poses are those of ISO/IEC 39794-5 (roll within 8 degrees, yaw and pitch within 5), widened by
the error of the mesh: its depth is coarse, and its neutral face is tilted by some degrees. The other limits
were chosen with pictures that should pass or fail: tests/judging/test_verdict.py. Some were moved to where
300 official portraits say that fine ones end; those near the ends were looked at:

- pitch: half of them are between -10 and -2, around -6.3. Outside -21 to 13 are six, which all look up. Both
  limits are less than 20 degrees from -6.3.
- shadows: under 0.7 they are lit softly from a side; the five above it have one side that is much darker.
- mouth_closed: closed lips end at 0.09; from there on nearly all show teeth.
- sharpness: 0.93 and more, and 0.90 scaled down to 50 px between the eyes. Blurred by 2 % of the eyes'
  distance none of them has more than 0.87.
"""

from collections.abc import Callable
from dataclasses import dataclass

from facecraft.imaging.eyes import Eyes
from facecraft.imaging.fit import KB
from facecraft.imaging.head import Head
from facecraft.imaging.mesh import Points
from facecraft.judging import measures, visibility
from facecraft.judging.evidence import Evidence
from facecraft.judging.measures import FacePatch, UprightFace
from facecraft.types import Bounds


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: stable; it is part of the API.
        unit: of the value; "" for a count.
        bounds: the allowed values if no preset sets others.
        detail: the meaning of the value.
        measure: returns the value; None if there is nothing to measure.
        needs: a rule that comes before. Where it fails, what this one measures is a guess, and no value.
    """

    name: str
    unit: str
    bounds: Bounds
    detail: str
    measure: Callable[[Evidence], float | None]
    needs: str | None = None


def _of_head(measure: Callable[[Evidence, Head], float]) -> Callable[[Evidence], float | None]:
    return lambda e: None if e.head is None else measure(e, e.head)


def _of_points(measure: Callable[[Points], float]) -> Callable[[Evidence], float | None]:
    return lambda e: None if e.points is None else measure(e.points)


def _of_eyes(measure: Callable[[Eyes], float]) -> Callable[[Evidence], float | None]:
    return lambda e: None if e.eyes is None else measure(e.eyes)


def _of_face(measure: Callable[[FacePatch], float]) -> Callable[[Evidence], float | None]:
    return lambda e: None if e.face_patch is None else measure(e.face_patch)


def _of_seen(measure: Callable[[UprightFace], float]) -> Callable[[Evidence], float | None]:
    return lambda e: None if e.seen is None else measure(e.seen)


def _crown_from_top(evidence: Evidence, head: Head) -> float:
    return (float(head.crown[1]) + 0.5) / float(evidence.image.shape[0])


RULES = (
    Rule("one_face", "", (1, 1), "faces in the picture", lambda e: float(e.faces)),
    Rule("width", "px", (None, None), "width of the picture", lambda e: float(e.width)),
    Rule("height", "px", (None, None), "height of the picture", lambda e: float(e.height)),
    Rule(
        "eyes_visible",
        "ratio",
        (0.345, None),
        "contrast of the eye that is less visible over the brightness of the skin",
        _of_seen(visibility.eyes_contrast),
    ),
    Rule(
        "face_uncovered",
        "ratio",
        (0.4, None),
        "contrast and redness of the lips, less where the colours of cheeks and forehead differ",
        _of_seen(visibility.mouth_contrast),
    ),
    Rule(
        "glare",
        "share",
        (None, 0.05),
        "share of white around the eye that has more of it",
        _of_seen(visibility.glare),
    ),
    Rule(
        "head_height",
        "share",
        (None, None),
        "chin to crown over the picture's height",
        _of_head(lambda e, head: head.height_px / e.image.shape[0]),
        needs="face_uncovered",
    ),
    Rule(
        "eye_line",
        "share",
        (None, None),
        "height of the eyes above the lower edge over the picture's height",
        _of_head(lambda e, head: 1 - (float(head.middle[1]) + 0.5) / e.image.shape[0]),
    ),
    Rule(
        "top_margin",
        "share",
        (None, None),
        "space above the crown over the picture's height",
        _of_head(_crown_from_top),
        needs="face_uncovered",
    ),
    Rule(
        "head_inside",
        "head heights",
        (-0.04, None),
        "distance of the head, chin to crown, from the nearest edge of the picture",
        lambda e: None if e.points is None else measures.head_inside(e.points, *e.image.shape[1::-1]),
    ),
    Rule(
        "inside_photo",
        "share",
        (None, None),
        "share of the requested portrait that the photo does not cover",
        lambda e: e.missing,
    ),
    Rule(
        "photo_whole",
        "share",
        (1, None),
        "share of the photo that is in its file, which is damaged if it is under 1",
        lambda e: e.share,
    ),
    Rule(
        "roll", "deg", (-8, 8), "tilt of the line through the eyes", _of_head(lambda _e, head: head.roll_deg)
    ),
    Rule("yaw", "deg", (-10, 10), "turn of the head to a side", _of_points(measures.yaw_deg)),
    Rule(
        "pitch",
        "deg",
        (-21, 13),
        "nod of the head",
        _of_points(measures.pitch_deg),
        needs="face_uncovered",
    ),
    Rule(
        "eyes_open",
        "ratio",
        (0.19, None),
        "height over width of the eye that is less open",
        _of_eyes(lambda eyes: eyes.openness),
        needs="eyes_visible",
    ),
    Rule(
        "gaze",
        "eye widths",
        (None, 0.15),
        "distance of the irises from where they are if someone looks into the camera",
        _of_eyes(lambda eyes: eyes.gaze),
        needs="eyes_visible",
    ),
    Rule(
        "mouth_closed",
        "ratio",
        (None, 0.09),
        "gap between the lips over the width of the mouth",
        _of_points(measures.mouth_open),
        needs="face_uncovered",
    ),
    Rule(
        "sharpness",
        "ratio",
        (0.88, None),
        "finest detail of the face over that of a good photo with as many pixels",
        lambda e: e.sharpness,
    ),
    Rule(
        "brightness",
        "L*",
        (20, 90),
        "mean lightness of the skin",
        _of_face(measures.lightness),
    ),
    Rule(
        "exposure",
        "share",
        (None, 0.05),
        "share of the skin that is black or white",
        _of_face(measures.clipped),
    ),
    Rule(
        "shadows",
        "share",
        (None, 0.7),
        "difference in brightness between the halves of the face",
        _of_face(measures.shadow),
    ),
    Rule(
        "background_even",
        "CIE76",
        (None, 6),
        "spread of the background's colours",
        lambda e: None if e.background_lab is None else measures.unevenness(e.background_lab),
    ),
    Rule(
        "source_resolution",
        "px",
        (60, None),
        "distance between the eyes in the photo, as far as there is detail for its pixels",
        lambda e: e.source_eyes_px,
    ),
    Rule(
        "drift",
        "eye distances",
        (None, 0.06),
        "mean distance by which restoration moved the points of the face",
        lambda e: None if e.drift is None else e.drift.displacement,
    ),
    Rule(
        "likeness",
        "dB",
        (27, None),
        "PSNR of the restored face against the photo, at 32 px",
        lambda e: None if e.drift is None else e.drift.psnr_db,
    ),
    Rule(
        "retouched",
        "",
        (None, None),
        "1 if restoration, upscaling, tone or a new background changed the portrait, else 0",
        lambda e: float(e.retouched),
    ),
    Rule(
        "file_size",
        "kB",
        (None, None),
        "size of the file",
        lambda e: None if e.file_bytes is None else e.file_bytes / KB,
    ),
)
