"""Judge the result, by measuring the result itself, and its eyes in the photo."""

import numpy as np
from numpy.typing import NDArray

from facecraft.colours import WHITE
from facecraft.detection.refined import five_points
from facecraft.imaging import geometry
from facecraft.imaging.fit import EncodedFile
from facecraft.imaging.head import head_of
from facecraft.imaging.mesh import Points, box_of, eyes_of
from facecraft.imaging.picture import Picture, flatten
from facecraft.judging import measures, verdict, visibility
from facecraft.judging.evidence import Drift, Evidence
from facecraft.matting.person import segment_person
from facecraft.pipeline.draw import Drawing
from facecraft.pipeline.look import Scene
from facecraft.pipeline.models import Models
from facecraft.pipeline.plan import Plan
from facecraft.presets.presets import Preset
from facecraft.restoration import damage
from facecraft.types import Face, RGBImage, Verdict


def judge_portrait(scene: Scene, plan: Plan, drawing: Drawing, file: EncodedFile, models: Models) -> Verdict:
    """The verdict on a finished portrait."""
    recipe, portrait = plan.recipe, drawing.portrait
    with scene.timings.stage("verdict"):
        image = flatten(portrait, recipe.background.paper_colour)
        points = plan.points
        if points is not None:
            points, _ = models.mesh.trace(image, box_of(points), eyes_of(points))
        eyes, photo, in_photo = None, scene.picture.rgb, plan.points_in_photo
        if points is not None and in_photo is not None:
            # A portrait may be too small to see its eyes, and only a restorer of faces draws new ones.
            drawn = plan.treatment.restorer is not None
            eyes = models.iris.find(*((image, points) if drawn else (photo, in_photo)))
        drift = drawing.drift
        if drift is None and recipe.upscaler is None:  # the face is unchanged
            drift = Drift(displacement=0.0, psnr_db=measures.BEST_PSNR_DB)
        single = plan.sheet is None
        evidence = Evidence(
            image=image,
            faces=_count_inside(plan.face_centres, portrait.width, portrait.height),
            points=points,
            eyes=eyes,
            seen=None if in_photo is None else visibility.face_in(photo, in_photo),
            person=segment_person(
                Picture(image, covered=portrait.covered), plan.sitter.places, models.segmenter
            ),
            sharpness=None if points is None else _sharpness(image, points),
            source_eyes_px=_detailed_eyes_px(plan.source_eyes_px, scene),
            drift=drift,
            missing=_missing(plan, portrait),
            share=scene.source.share,
            ends=None if plan.lack is None else plan.lack.tightest,
            retouched=plan.treatment.restores or recipe.retouches,
            width=file.width if single else portrait.width,
            height=file.height if single else portrait.height,
            file_bytes=len(file.data) if single else None,
        )
        if recipe.preset is None:
            return verdict.judge(evidence, verdict.bounds_of(recipe.options))
        return verdict.judge(evidence, recipe.preset.bounds(), recipe.preset.colours)


def _missing(plan: Plan, portrait: Picture) -> float:
    """The share of the requested crop that the photo lacks; a new background is nobody's invention."""
    if plan.lack is not None:
        return plan.lack.area
    return 0.0 if plan.recipe.background.paints else portrait.missing


def judge_photo(scene: Scene, preset: Preset | None, file_bytes: int | None, models: Models) -> Verdict:
    """The verdict on a photo as it is; `file_bytes` is None if it has no file."""
    picture, points = scene.picture, scene.points
    with scene.timings.stage("verdict"):
        image = flatten(picture, WHITE)
        places = scene.face_centres(geometry.scaling(1))
        found = None if points is None else scene.own_damage
        evidence = Evidence(
            image=image,
            faces=len(scene.faces),
            points=points,
            eyes=scene.eyes,
            seen=None if points is None else visibility.face_in(image, points),
            person=segment_person(Picture(picture.rgb), places, models.segmenter),
            sharpness=None if found is None else damage.sharpness(found.detail, found.square_px),
            source_eyes_px=_detailed_eyes_px(None if points is None else head_of(points).eyes_px, scene),
            drift=None,
            missing=None,
            share=scene.source.share,
            ends=None,
            retouched=False,
            width=scene.source.width,
            height=scene.source.height,
            file_bytes=file_bytes,
            reduced=scene.source.reduced,
        )
        if preset is None:
            return verdict.judge(evidence, {})
        return verdict.judge(evidence, preset.bounds(), preset.colours)


def _sharpness(image: RGBImage, points: Points) -> float:
    """The sharpness of the face under these points."""
    face = Face(box_of(points), five_points(points), 1.0)
    return damage.sharpness(damage.detail(image, face), geometry.align(face, damage.SIDE_PX).source_px)


def _detailed_eyes_px(eyes_px: float | None, scene: Scene) -> float | None:
    """In pixels of the file, also where fewer were decoded, as far as there is detail for them."""
    found, times = scene.own_damage, scene.source.reduced
    if eyes_px is None or found is None:
        return None
    return damage.detailed_eyes_px(eyes_px * times, found.scaled(times))


def _count_inside(places: NDArray[np.float32], width: int, height: int) -> int:
    """Count the places, (N, 2), that lie in a picture."""
    return int(((places >= 0) & (places < (width, height))).all(axis=1).sum())
