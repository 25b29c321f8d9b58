"""Plan the portrait. Every decision and every refusal is made here.

A recipe is the options, resolved with the loaded models and presets; it is the same for every photo. A plan
is the recipe, applied to one photo. Drawing reads both and makes no decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecraft.colours import Background
from facecraft.errors import InvalidOption, NoFaceFound
from facecraft.finishing import sheet
from facecraft.finishing.crop import Crop
from facecraft.finishing.frame import Lack
from facecraft.finishing.sheet import Sheet
from facecraft.imaging import formats, geometry
from facecraft.imaging.encoders import largest_bytes
from facecraft.imaging.fit import KB, Target
from facecraft.imaging.geometry import Affine
from facecraft.imaging.head import head_of
from facecraft.imaging.limits import Limits, check_format, check_pixels
from facecraft.imaging.mesh import Points, transform_points
from facecraft.matting.person import Sitter
from facecraft.options import Options
from facecraft.pipeline import framing, treatment
from facecraft.pipeline.crowd import check_faces
from facecraft.pipeline.look import Scene
from facecraft.pipeline.models import Models
from facecraft.pipeline.treatment import Means, Treatment
from facecraft.presets import presets
from facecraft.presets.presets import Preset
from facecraft.restoration.upscaling import Upscaler
from facecraft.types import ImageFormat, Note

DEFAULT_FIDELITY = 0.5
UPRIGHT_DEG = 30
"""Roll up to which a head is upright enough to know where the shoulders are."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The resolved options.

    Attributes:
        options: with the preset's values filled in.
        means: of restoration.
        upscaler: None if the picture keeps its size.
        judge: whether the portrait gets a verdict.
        notes: decisions that the preset made for the caller.
    """

    options: Options
    preset: Preset | None
    background: Background
    means: Means
    upscaler: Upscaler | None
    judge: bool
    notes: tuple[Note, ...]

    @property
    def retouches(self) -> bool:
        """Whether anything but restoration changes the person or the background."""
        options = self.options
        return options.tone == "auto" or self.background.kind != "keep" or self.upscaler is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """The work on one photo.

    Attributes:
        target: the portrait's file.
        crop: None if the portrait is the whole picture.
        lack: what the photo lacks for a crop in the requested ranges; None if nothing.
        sheet: the paper; None for a single portrait.
        matrix: (2, 3) float64, from the photo's pixels to the portrait's.
        points: of the portrait's face, in its pixels; None without a face, or if nothing needs them.
        source_eyes_px: distance between that face's eyes, in the photo's pixels; None if points is None.
        treatment: the restoration.
        fidelity: of the restoration, 0 to 1.
        face_centres: (N, 2) float32, x y of every face in the portrait's pixels.
        file_bytes: the most that the portrait's file can take.
    """

    recipe: Recipe
    target: Target
    crop: Crop | None
    lack: Lack | None
    sheet: Sheet | None
    matrix: Affine
    points: Points | None
    source_eyes_px: float | None
    treatment: Treatment
    fidelity: float
    face_centres: NDArray[np.float32]
    file_bytes: int

    @property
    def points_in_photo(self) -> Points | None:
        """Points of the portrait's face, in the photo's pixels; None without a face."""
        return None if self.points is None else transform_points(self.points, geometry.invert(self.matrix))

    @property
    def sitter(self) -> Sitter:
        """The person who stays in the portrait; everybody in a whole photo with several faces."""
        if self.points is None or (self.crop is None and len(self.face_centres) > 1):
            return Sitter(self.face_centres)
        head = head_of(self.points)
        upright = abs(head.roll_deg) < UPRIGHT_DEG
        return Sitter(np.asarray(self.points[:, :2], np.float32), head.height_px if upright else None)


def resolve(options: Options, by_name: Mapping[str, Preset], models: Models, *, judge: bool) -> Recipe:
    """Resolve options. A portrait with a preset always gets a verdict.

    Raises:
        InvalidOption: an unknown preset, restorer or factor, or options that exclude each other.
    """
    filled, preset = presets.apply(options, by_name)
    filled.validate_together()
    return Recipe(
        options=filled,
        preset=preset,
        background=Background.parse(filled.background),
        means=_means(filled, models),
        upscaler=_upscaler(filled, models),
        judge=judge or preset is not None,
        notes=_notes(options, preset),
    )


def plan(recipe: Recipe, scene: Scene, limits: Limits, deadline_s: float | None = None) -> Plan:
    """Plan the work on one photo. It may take `deadline_s` seconds, or for None as long as it needs.

    Raises:
        NoFaceFound: there is no face, and one is required.
        TooManyFaces: more faces would be restored than the limit, or than can be in time.
        ImageTooLarge: the portrait has too many pixels, or a side that is too long for its format.
        InvalidOption: there is no such face, or the portrait does not fit on its paper.
    """
    options, width, height = recipe.options, scene.picture.width, scene.picture.height
    format_ = _format(recipe, scene)
    check_pixels(width * options.upscale, height * options.upscale, limits)
    if not options.crops and options.layout is None:
        check_format(width * options.upscale, height * options.upscale, format_, limits)
    if options.require_face and not scene.faces:
        raise NoFaceFound("No face was found in the picture.")
    points, part, lack = None, None, None
    if options.crops or recipe.judge or options.tone == "auto" or recipe.background.kind != "keep":
        painted = recipe.background.paints
        points, part, lack = framing.place(options, recipe.preset, scene, painted=painted)
    matrix = geometry.scaling(options.upscale) if part is None else part.matrix
    size = (width * options.upscale, height * options.upscale) if part is None else (part.width, part.height)
    paper = None
    if options.layout is not None:
        paper = sheet.plan(options.layout, *size, options.print_dpi, options.gap)
    file_size = size if paper is None else (paper.width, paper.height)
    if part is not None or paper is not None:
        check_pixels(*file_size, limits)
        check_format(*file_size, format_, limits)
    treated = treatment.decide(recipe.means, options, scene, matrix, size)
    if treated.restorer is not None:
        check_faces(treated.restorer, [face.source_px for face in treated.faces], limits.faces, deadline_s)
    dpi = options.dpi if paper is None else options.print_dpi
    return Plan(
        recipe=recipe,
        target=Target(format_, options.quality, options.max_kb, dpi, scene.metadata),
        crop=part,
        lack=lack,
        sheet=paper,
        matrix=matrix,
        points=None if points is None else transform_points(points, matrix),
        source_eyes_px=None if points is None else head_of(points).eyes_px,
        treatment=treated,
        fidelity=DEFAULT_FIDELITY if options.fidelity is None else options.fidelity,
        face_centres=scene.face_centres(matrix),
        file_bytes=_file_bytes(*file_size, options.max_kb),
    )


def _format(recipe: Recipe, scene: Scene) -> ImageFormat:
    options = recipe.options
    if options.format != "auto":
        return options.format
    made = recipe.background.kind == "transparent" or options.mask != "none"
    kept = scene.picture.alpha is not None and not recipe.background.paints
    return formats.answered(scene.source.format, transparent=(made or kept) and options.layout is None)


def _file_bytes(width: int, height: int, max_kb: int | None) -> int:
    most_bytes = largest_bytes(width, height)
    return most_bytes if max_kb is None else min(most_bytes, max_kb * KB)


def _notes(options: Options, preset: Preset | None) -> tuple[Note, ...]:
    if preset is None or preset.retouching or "restorer" in options.model_fields_set:
        return ()
    detail = f"The face was not restored: the rules of {preset.title} forbid retouching."
    return (Note("restoration_off", detail),)


def _means(options: Options, models: Models) -> Means:
    means = _named(options, models)
    named = means.restorer or means.cleaner
    name = "none" if named is None else named.name
    if options.fidelity is not None and not (means.restorer and means.restorer.takes_fidelity):
        raise InvalidOption(
            f"The option fidelity has no meaning for the restorer {name}.",
            hint="Omit fidelity, or choose a restorer that takes it.",
        )
    if options.area in ("photo", "head") and means.restorer is not None and means.cleaner is None:
        raise InvalidOption(f"The restorer {name} restores faces only, not area={options.area}.")
    return means


def _named(options: Options, models: Models) -> Means:
    name, cleaner = options.restorer, models.cleaner
    forced = options.when == "always" or (options.when is None and name != "auto")
    if name == "none":
        return Means()
    if options.when == "always" and cleaner is None and not models.restorers:
        raise InvalidOption("No loaded model restores: when=always cannot be done.")
    if name == "auto" and cleaner is None:
        return Means(None, next(iter(models.restorers.values()), None), forced=forced)
    if name == "auto":
        inventing = (models.restorers[each] for each in models.restorers if each in models.inventing)
        return Means(cleaner, next(inventing, None), low_detail_only=True, forced=forced)
    if cleaner is not None and name == cleaner.name:
        return Means(cleaner, forced=forced)
    if name in models.restorers:
        return Means(None, models.restorers[name], forced=forced)
    names = ("auto", "none", *(() if cleaner is None else (cleaner.name,)), *models.restorers)
    raise InvalidOption(f"There is no restorer {name!r}; there are {', '.join(names)}.")


def _upscaler(options: Options, models: Models) -> Upscaler | None:
    if options.upscale == 1:
        return None
    if options.upscale not in models.upscalers:
        raise InvalidOption(
            f"No loaded model enlarges a picture {options.upscale} times.",
            hint="Omit upscale, or see GET /models for the models that are loaded.",
        )
    return models.upscalers[options.upscale]
