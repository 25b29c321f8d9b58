"""The steps between a restored picture and its file, in their fixed order: background, tone, mask, sheet."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.finishing import background as behind
from facecraft.finishing import mask, sheet, tone
from facecraft.finishing.background import Background
from facecraft.imaging.mesh import Points
from facecraft.matting import matte
from facecraft.matting.matte import Plane
from facecraft.matting.segmenters import Segmenter
from facecraft.options import Options
from facecraft.pipeline.timings import Timings
from facecraft.types import ImageFormat, RGBImage

Alpha = NDArray[np.uint8]
DEFAULT_DPI = 300
WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture on its way to a portrait.

    Attributes:
        rgb: (H, W, 3) uint8.
        alpha: (H, W) uint8, None where it has no transparency.
        covered: (H, W) uint8: 255 where it has pixels of the source; None where it has them everywhere.
        face: the points of the portrait's face, in its pixels; None where there is none.
        spots: (N, 2), x y of places on the faces that stay in it.
    """

    rgb: RGBImage
    alpha: Alpha | None
    covered: Alpha | None
    face: Points | None
    spots: NDArray[np.float32]


def segmented(canvas: Canvas, segmenter: Segmenter) -> Plane:
    """Where the person is: see Segmenter.segment; nothing where the source has no pixels."""
    height, width = canvas.rgb.shape[:2]
    plane = matte.with_faces(segmenter.segment(canvas.rgb), canvas.spots, width, height)
    if canvas.covered is not None:
        reached = cv2.resize(canvas.covered, plane.shape[::-1], interpolation=cv2.INTER_AREA)
        plane = np.asarray(plane * (reached.astype(np.float32) / 255), np.float32)
    return plane


def finish(
    canvas: Canvas, options: Options, background: Background, segmenter: Segmenter, timings: Timings
) -> Canvas:
    """Background, tone and mask, each if it is asked for. The tone is the photo's, never a new colour's."""
    rgb, alpha = canvas.rgb, canvas.alpha
    replaced, toned = background.kind != "keep", options.tone == "auto"
    if replaced or toned:
        with timings.stage("background" if replaced else "tone"):
            plane = segmented(canvas, segmenter)
    if replaced:
        with timings.stage("background"):
            cut = _cut_out(canvas, plane)
            back = _backdrop(canvas, background, plane)
            rgb = cut.person
    if toned:
        with timings.stage("tone"):
            correction = tone.measure(canvas.rgb, canvas.face, plane)
            rgb = tone.apply(rgb, correction)
            if background.kind == "blur":
                back = tone.apply(back, correction)
    if replaced:
        with timings.stage("background"):
            if background.kind == "transparent":
                alpha = cut.alpha
            else:
                rgb = matte.lay_over(matte.Matte(cut.alpha, rgb), back)
                alpha = canvas.alpha if background.kind == "blur" else None
    if options.mask != "none":
        with timings.stage("mask"):
            drawn = mask.shape(options.mask, rgb.shape[1], rgb.shape[0], options.feather or 0)
            alpha = _times(drawn, alpha)
    return replace(canvas, rgb=rgb, alpha=alpha)


def flattened(canvas: Canvas, background: Background) -> RGBImage:
    """The portrait without transparency: on its background's colour, of two the last, or else on white."""
    if canvas.alpha is None:
        return canvas.rgb
    paper = np.full_like(canvas.rgb, background.colours[-1] if background.colours else WHITE)
    return matte.lay_over(matte.Matte(canvas.alpha, canvas.rgb), paper)


def on_sheet(canvas: Canvas, plan: sheet.Sheet, background: Background, dpi: int) -> Canvas:
    """Copies of the portrait on paper."""
    return replace(canvas, rgb=sheet.lay_out(plan, flattened(canvas, background), dpi), alpha=None)


def dpi_of(options: Options) -> int:
    """At what resolution a sheet is laid out."""
    return options.dpi or DEFAULT_DPI


def printed(options: Options) -> Options:
    """The options of a sheet, whose file says at what resolution it was laid out."""
    return options.model_copy(update={"dpi": dpi_of(options)})


def is_transparent(options: Options, background: Background) -> bool:
    """Whether a step asked for leaves transparency in the result."""
    return options.layout is None and (background.kind == "transparent" or options.mask != "none")


def format_of(options: Options, background: Background, source: ImageFormat) -> ImageFormat:
    """The answer's format; `auto` is the source's, but for transparency that a JPEG does not hold."""
    if options.format != "auto":
        return options.format
    return "png" if source == "jpeg" and is_transparent(options, background) else source


def _cut_out(canvas: Canvas, plane: Plane) -> matte.Matte:
    cut = matte.cut_out(canvas.rgb, plane)
    alpha = cut.alpha if canvas.covered is None else _times(cut.alpha, canvas.covered)
    return matte.Matte(_times(alpha, canvas.alpha), cut.person)


def _backdrop(canvas: Canvas, background: Background, plane: Plane) -> RGBImage:
    """What is put behind the person; of no account where that is nothing."""
    if background.kind == "transparent":
        return canvas.rgb
    if background.kind == "blur":
        return behind.blurred(canvas.rgb, plane)
    return behind.paint(background, canvas.rgb.shape[1], canvas.rgb.shape[0])


def _times(alpha: Alpha, other: Alpha | None) -> Alpha:
    return alpha if other is None else np.asarray(cv2.multiply(alpha, other, scale=1 / 255), np.uint8)
