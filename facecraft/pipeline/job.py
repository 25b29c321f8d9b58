"""A picture in work, and the canvas that its portrait is drawn on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facecraft.cancellation import Cancellation
from facecraft.detection.facemesh import PRESENCE_THRESHOLD, FaceMesh
from facecraft.finishing import frame
from facecraft.finishing.frame import Frame
from facecraft.imaging import geometry
from facecraft.imaging.codec import DecodedImage
from facecraft.imaging.geometry import Affine
from facecraft.imaging.head import head_of
from facecraft.imaging.mesh import Points, box_of, eyes_of, moved
from facecraft.pipeline.finish import Canvas
from facecraft.pipeline.order import Order
from facecraft.pipeline.timings import Timings
from facecraft.types import Face, ImageFormat

LOOK_PX = 512
"""Longer side of the cut on which a frame is checked before it is made."""


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
    cancellation: Cancellation


def traced(image: DecodedImage, faces: list[Face], mesh: FaceMesh) -> Points | None:
    """The points of the largest face; None where there is none, or the mesh sees none there."""
    if not faces:
        return None
    points, presence = mesh.trace(image.rgb, faces[0].bbox, faces[0].landmarks[:2])
    return None if presence < PRESENCE_THRESHOLD else points


def framed(
    image: DecodedImage, faces: list[Face], order: Order, mesh: FaceMesh
) -> tuple[Points | None, Frame | None]:
    """The points of the largest face, in source pixels, and the frame around it that is asked for.

    Raises:
        NoFaceFound: there is none, and the frame is to fit one.
    """
    size = (image.source.width, image.source.height)
    points = traced(image, faces, mesh)
    first = frame.plan(order.options, *size, None if points is None else head_of(points))
    if points is None or first is None:
        return points, first
    # The mesh sees a face a little differently in each cut, by up to 3 %; what counts is the one made.
    look = first.scaled(min(1.0, LOOK_PX / max(first.width, first.height)))
    seen, _ = frame.cut(image.rgb, look)
    there = moved(points, look.matrix)
    there, _ = mesh.trace(seen, box_of(there), eyes_of(there))
    points = moved(there, geometry.inverse(look.matrix))
    return points, frame.plan(order.options, *size, head_of(points))


def canvas_of(job: Job) -> tuple[Canvas, Affine]:
    """The picture, enlarged or framed if that is asked for; and the matrix that led there."""
    options, image = job.order.options, job.image
    rgb, alpha, covered = image.rgb, image.alpha, None
    onto = geometry.enlarging(options.upscale)
    if job.order.upscaler is not None:
        with job.timings.stage("upscale"):
            rgb = job.order.upscaler.upscale(rgb, job.cancellation)
            alpha = None if alpha is None else geometry.enlarge(alpha, options.upscale)
    if job.frame is not None:
        with job.timings.stage("frame"):
            onward = replace(job.frame, matrix=geometry.then(geometry.inverse(onto), job.frame.matrix))
            rgb, covered = frame.cut(rgb, onward)
            alpha = None if alpha is None else frame.cut_plane(alpha, onward)
            onto = job.frame.matrix
    if rgb is image.rgb and job.order.restores:
        rgb = rgb.copy()
    face = None if job.points is None else moved(job.points, onto)
    spots = face[:, :2] if face is not None and job.frame is not None else middles_of(job.faces, onto)
    return Canvas(rgb, alpha, covered, face, spots), onto


def middles_of(faces: Sequence[Face], onto: Affine) -> NDArray[np.float32]:
    """(N, 2) float32, x y between the landmarks of each face, in a picture that was moved."""
    middles = np.array([face.landmarks.mean(axis=0) for face in faces]).reshape(-1, 2)
    return geometry.placed(middles, onto)


def count_within(canvas: Canvas, middles: NDArray[np.float32]) -> int:
    """How many of these places, (N, 2), lie in it."""
    height, width = canvas.rgb.shape[:2]
    return int(((middles >= 0) & (middles < (width, height))).all(axis=1).sum())
