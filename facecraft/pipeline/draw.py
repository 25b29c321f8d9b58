"""Draw the portrait's pixels from scene and plan. No decision is made here."""

from dataclasses import dataclass, replace

from facecraft.cancellation import Cancellation
from facecraft.colours import Background
from facecraft.finishing import background, crop, mask, sheet, tone
from facecraft.imaging import geometry
from facecraft.imaging.formats import writer_of
from facecraft.imaging.picture import Picture, composite, flatten, hide_colour, multiply_alpha
from facecraft.judging.evidence import Drift
from facecraft.matting import matte
from facecraft.matting.person import segment_sitter
from facecraft.matting.segmenters import Segmenter
from facecraft.pipeline import faces
from facecraft.pipeline.cleaning import View, clean
from facecraft.pipeline.look import Scene
from facecraft.pipeline.models import Models
from facecraft.pipeline.plan import Plan
from facecraft.pipeline.timings import Timings
from facecraft.types import Note, Plane, RGBImage


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn portrait.

    Attributes:
        portrait: one portrait, not yet laid on a sheet.
        shown: the content of the file: that portrait, or a sheet of it.
        drift: of the portrait's face; None if it was not measured, or nothing was restored.
        notes: decisions that were made for the caller.
    """

    portrait: Picture
    shown: Picture
    drift: Drift | None
    notes: tuple[Note, ...]


def draw(scene: Scene, plan: Plan, models: Models, cancellation: Cancellation) -> Drawing:
    """Draw the planned portrait.

    Raises:
        DeadlineExceeded: it was cancelled.
    """
    cleaned = clean(scene, plan, models.mesh, cancellation)
    canvas = _canvas(scene, plan, cleaned.view, cancellation)
    restored = faces.restore(scene, plan, faces.Canvas(cleaned.view, canvas.rgb), models.mesh, cancellation)
    portrait = _finish(canvas, plan, _Person(cleaned.view, plan, models.segmenter), scene.timings)
    paper = plan.recipe.background.paper_colour
    if not writer_of(plan.target.format).transparent:
        portrait = replace(portrait, rgb=flatten(portrait, paper), alpha=None)
    shown = portrait
    if plan.sheet is not None:
        with scene.timings.stage("sheet"):
            copies = sheet.lay_out(plan.sheet, flatten(portrait, paper), plan.recipe.options.print_dpi)
            shown = Picture(copies)
    notes = faces.lowered(cleaned.strengths, restored.strengths, plan.recipe.options)
    return Drawing(portrait, shown, restored.drift or cleaned.drift, notes)


def _canvas(scene: Scene, plan: Plan, view: View, cancellation: Cancellation) -> Picture:
    """The photo, enlarged and cropped as planned; a copy if faces are drawn on it."""
    picture, from_photo, upscaler = view.picture, view.from_photo, plan.recipe.upscaler
    if upscaler is not None:
        with scene.timings.stage("upscale"):
            alpha = None if picture.alpha is None else geometry.enlarge(picture.alpha, upscaler.factor)
            picture = Picture(upscaler.upscale(picture.rgb, cancellation), alpha)
            from_photo = geometry.compose(from_photo, geometry.scaling(upscaler.factor))
    if plan.crop is not None:
        with scene.timings.stage("frame"):
            matrix = geometry.compose(geometry.invert(from_photo), plan.crop.matrix)
            picture = crop.apply(picture, replace(plan.crop, matrix=matrix))
    if picture is scene.picture and plan.treatment.faces:
        picture = replace(picture, rgb=picture.rgb.copy())
    return picture


@dataclass(frozen=True, slots=True)
class _Person:
    """The person of a portrait, for the steps that ask for them."""

    view: View
    plan: Plan
    segmenter: Segmenter

    def segment(self, canvas: Picture) -> Plane:
        matrix = geometry.compose(geometry.invert(self.view.from_photo), self.plan.matrix)
        size = (canvas.width, canvas.height)
        return segment_sitter(self.view.picture.rgb, matrix, size, self.plan.sitter, self.segmenter)


def _finish(canvas: Picture, plan: Plan, person: _Person, timings: Timings) -> Picture:
    """Background, tone and mask. The tone is measured on the photo, never on a new background."""
    options = plan.recipe.options
    portrait = canvas
    if plan.recipe.background.kind != "keep":
        portrait = _replace_background(canvas, plan, person, timings)
    elif options.tone == "auto":
        with timings.stage("tone"):
            correction = tone.measure(canvas.rgb, plan.points, person.segment(canvas))
            portrait = replace(canvas, rgb=tone.apply(canvas.rgb, correction))
    if options.mask != "none":
        with timings.stage("mask"):
            shape = mask.shape(options.mask, portrait.width, portrait.height, options.feather or 0)
            portrait = hide_colour(replace(portrait, alpha=multiply_alpha(shape, portrait.alpha)))
    return portrait


def _replace_background(canvas: Picture, plan: Plan, person: _Person, timings: Timings) -> Picture:
    option = plan.recipe.background
    with timings.stage("background"):
        plane = person.segment(canvas)
        cut = matte.cut_out(canvas.rgb, plane)
        alpha = multiply_alpha(multiply_alpha(cut.alpha, canvas.covered), canvas.alpha)
        backdrop, rgb = _backdrop(canvas, option, plane), cut.rgb
    if plan.recipe.options.tone == "auto":
        with timings.stage("tone"):
            correction = tone.measure(canvas.rgb, plan.points, plane)
            rgb = tone.apply(rgb, correction)
            if backdrop is not None and option.kind == "blur":
                backdrop = tone.apply(backdrop, correction)
    if backdrop is None:
        return hide_colour(replace(canvas, rgb=rgb, alpha=alpha))
    with timings.stage("background"):
        composed = composite(Picture(rgb, alpha), backdrop)
        return replace(canvas, rgb=composed, alpha=canvas.alpha if option.kind == "blur" else None)


def _backdrop(canvas: Picture, option: Background, person: Plane) -> RGBImage | None:
    """The picture behind the person; None if the background is transparent."""
    if option.kind == "transparent":
        return None
    if option.kind == "blur":
        return background.blur(canvas.rgb, person)
    return background.paint(option, canvas.width, canvas.height)
