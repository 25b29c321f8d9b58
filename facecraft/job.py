"""A picture in work, and the canvas that its portrait is drawn on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facecraft.finishing import frame
from facecraft.finishing.finish import Canvas
from facecraft.finishing.frame import Frame
from facecraft.imaging import geometry, mesh
from facecraft.imaging.codec import DecodedImage
from facecraft.imaging.geometry import Affine
from facecraft.imaging.mesh import Points
from facecraft.order import Order
from facecraft.portrait import Face, ImageFormat
from facecraft.timings import Timings


@dataclass(frozen=True, slots=True)
class Job:
    """A picture in work.

    Attributes:
        format: of the answer.
        faces: largest first.
        points: of the largest, in pixels of the source; None where nothing needs them, or there is no face.
        frame: None where the portrait is the whole picture.
    """

    order: Order
    image: DecodedImage
    format: ImageFormat
    faces: list[Face]
    points: Points | None
    frame: Frame | None
    timings: Timings
    abandoned: Callable[[], bool]


def canvas_of(job: Job) -> tuple[Canvas, Affine]:
    """The picture, enlarged or framed if that is asked for; and the matrix that led there."""
    options, image = job.order.options, job.image
    rgb, alpha, covered = image.rgb, image.alpha, None
    moved = geometry.enlarging(options.upscale)
    if job.order.upscaler is not None:
        with job.timings.stage("upscale"):
            rgb = job.order.upscaler.upscale(rgb, job.abandoned)
            alpha = None if alpha is None else geometry.enlarge(alpha, options.upscale)
    if job.frame is not None:
        with job.timings.stage("frame"):
            onward = replace(job.frame, matrix=geometry.then(geometry.inverse(moved), job.frame.matrix))
            rgb, covered = frame.cut(rgb, onward)
            alpha = None if alpha is None else frame.cut_plane(alpha, onward)
            moved = job.frame.matrix
    if rgb is image.rgb and job.order.restores:
        rgb = rgb.copy()
    face = None if job.points is None else mesh.moved(job.points, moved)
    spots = face[:, :2] if face is not None and job.frame is not None else middles_of(job.faces, moved)
    return Canvas(rgb, alpha, covered, face, spots), moved


def middles_of(faces: Sequence[Face], moved: Affine) -> NDArray[np.float32]:
    """(N, 2) float32, x y between the landmarks of each face, in a picture that was moved."""
    middles = np.array([face.landmarks.mean(axis=0) for face in faces]).reshape(-1, 2)
    return geometry.placed(middles, moved)


def count_within(canvas: Canvas, middles: NDArray[np.float32]) -> int:
    """How many of these places, (N, 2), lie in it."""
    height, width = canvas.rgb.shape[:2]
    return int(((middles >= 0) & (middles < (width, height))).all(axis=1).sum())
