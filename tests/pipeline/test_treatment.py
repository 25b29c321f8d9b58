"""What is restored follows from the damage, the options and what is loaded."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from facecraft.imaging import geometry
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.pipeline.treatment import HEAD_SHARE
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.damage import LOW_DETAIL
from facecraft.results import Portrait
from facecraft.types import FaceCrop, RGBImage
from tests.conftest import Encode
from tests.damages import blurred, jpeg_file, noisy
from tests.pipeline.conftest import GREY, LIMITS, pixels

CLEAN = "facecraft-clean"
X4PLUS = "realesrgan-x4plus"
NOT_NEEDED = ["restoration_not_needed"]

Run = Callable[..., Portrait]


def codes(portrait: Portrait) -> list[str]:
    return [note.code for note in portrait.notes]


@pytest.fixture
def run(pipeline: Pipeline, png: Encode) -> Run:
    """A portrait of a picture, by options as a form has them."""

    def made(
        picture: RGBImage, used: Pipeline = pipeline, *, judge: bool = False, **fields: object
    ) -> Portrait:
        options = Options.parse({name: str(value).lower() for name, value in fields.items()})
        return used.process(png(picture), options, judge=judge)

    return made


@pytest.fixture(scope="module")
def damaged(astronaut: RGBImage) -> RGBImage:
    return noisy(astronaut, 15)


class Inventing:
    """A restorer that paints every face green, and remembers what it was given."""

    name = "inventing"
    face_size_px = 512
    takes_fidelity = False

    def __init__(self) -> None:
        self.crops: list[FaceCrop] = []

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        self.crops += crops
        return [np.full_like(crop.image, (0, 255, 0)) for crop in crops]


def with_inventing(pipeline: Pipeline, restorer: Inventing) -> Pipeline:
    restorers = {"inventing": BatchingRestorer(restorer, 1, 0)}
    models = replace(pipeline.models, restorers=restorers, inventing=frozenset({"inventing"}))
    return Pipeline(models, pipeline.presets, LIMITS)


def without_cleaner(pipeline: Pipeline) -> Pipeline:
    return Pipeline(replace(pipeline.models, cleaner=None), pipeline.presets, LIMITS)


def distance(picture: RGBImage, reference: RGBImage) -> float:
    return float(np.abs(picture.astype(int) - reference).mean())


# A good photo


def test_a_good_photo_is_left_to_the_last_bit_with_a_note(run: Run, astronaut: RGBImage) -> None:
    portrait = run(astronaut)
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (0, "none", False)
    assert codes(portrait) == NOT_NEEDED
    assert portrait.notes[0].detail == (
        f"The photo is good as it is (detail {portrait.damages[0].detail:.0f}, "
        f"noise {portrait.damages[0].noise:.1f}), and was not restored."
    )
    assert (pixels(portrait.data) == astronaut).all()


def test_the_note_tells_the_quality_of_a_jpeg(pipeline: Pipeline, astronaut: RGBImage) -> None:
    portrait = pipeline.process(jpeg_file(astronaut, 92), Options(format="png"))
    assert codes(portrait) == NOT_NEEDED
    assert "JPEG quality 92" in portrait.notes[0].detail
    assert portrait.damages[0].jpeg_quality == 92


def test_a_jpeg_of_low_quality_is_cleaned(pipeline: Pipeline, astronaut: RGBImage) -> None:
    portrait = pipeline.process(jpeg_file(astronaut, 40), Options(format="png"))
    assert portrait.cleaned
    assert portrait.damages[0].jpeg_quality == 40


@pytest.mark.parametrize("restorer", ["auto", CLEAN])
def test_always_cleans_a_good_photo_too(run: Run, astronaut: RGBImage, restorer: str) -> None:
    portrait = run(astronaut, restorer=restorer, when="always")
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (1, CLEAN, True)
    assert codes(portrait) == []
    assert 0 < distance(pixels(portrait.data), astronaut) < 2


@pytest.mark.parametrize("restorer", [CLEAN, X4PLUS])
def test_a_restorer_that_is_named_is_used_unless_only_where_needed(
    run: Run, astronaut: RGBImage, restorer: str
) -> None:
    named = run(astronaut, restorer=restorer)
    assert (named.restored, named.restorer, codes(named)) == (1, restorer, [])
    needed = run(astronaut, restorer=restorer, when="needed")
    assert (needed.restored, needed.restorer, codes(needed)) == (0, "none", NOT_NEEDED)
    assert (pixels(needed.data) == astronaut).all()


def test_a_good_photo_of_a_preset_is_left_too(run: Run, astronaut: RGBImage) -> None:
    portrait = run(astronaut, preset="badge")
    assert "restoration_not_needed" in codes(portrait)
    assert portrait.restored == 0


# A damaged photo


@pytest.mark.parametrize("damage", ["noise", "blur", "small"])
def test_a_damaged_photo_is_cleaned_and_no_face_is_invented(
    run: Run, astronaut: RGBImage, damage: str
) -> None:
    small = cv2.resize(astronaut, (200, 200), interpolation=cv2.INTER_AREA)
    enlarged = np.asarray(cv2.resize(small, (512, 512), interpolation=cv2.INTER_CUBIC), np.uint8)
    picture = {"noise": noisy(astronaut, 15), "blur": blurred(astronaut, 1.5), "small": enlarged}[damage]
    portrait = run(picture)
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (1, CLEAN, True)
    assert codes(portrait) == []
    assert distance(pixels(portrait.data), picture) > 0.5


def test_the_whole_photo_is_cleaned_by_default(run: Run, astronaut: RGBImage, damaged: RGBImage) -> None:
    after = pixels(run(damaged).data)
    assert distance(after, astronaut) < 0.6 * distance(damaged, astronaut)
    for corner in (np.s_[:60, :60], np.s_[:60, -60:], np.s_[-60:, :60], np.s_[-60:, -60:]):
        assert distance(after[corner], astronaut[corner]) < 0.8 * distance(damaged[corner], astronaut[corner])


def test_strength_blends_with_the_photo(run: Run, damaged: RGBImage) -> None:
    whole, half = (pixels(run(damaged, strength=strength).data).astype(int) for strength in (1, 0.5))
    assert np.abs(half - (damaged + whole) / 2).max() <= 1
    none = run(damaged, strength=0)
    assert (pixels(none.data) == damaged).all()
    assert (none.restored, none.restorer, none.damages, codes(none)) == (0, "none", (), [])


@pytest.mark.parametrize("restorer", [CLEAN, X4PLUS])
def test_a_low_limit_on_the_drift_lowers_the_strength(run: Run, astronaut: RGBImage, restorer: str) -> None:
    picture = noisy(blurred(astronaut, 3), 30)
    free = run(picture, judge=True, restorer=restorer)
    assert free.verdict is not None
    (drift,) = (rule.value for rule in free.verdict.rules if rule.name == "drift")
    assert drift is not None
    limit = max(0.001, drift / 2)
    limited = run(picture, judge=True, restorer=restorer, max_drift=limit)
    assert limited.verdict is not None
    (kept,) = (rule.value for rule in limited.verdict.rules if rule.name == "drift")
    assert kept is not None
    assert kept <= limit
    assert codes(limited) == ["strength_lowered"]
    assert distance(pixels(limited.data), picture) < distance(pixels(free.data), picture)
    assert codes(run(picture, restorer=restorer, max_drift=1)) == []


# The area


def squares(portrait: Portrait) -> list[geometry.Alignment]:
    return [geometry.align(face, 512) for face in portrait.faces]


def reached_by_head(portrait: Portrait, shape: tuple[int, ...]) -> np.ndarray:
    """Where the boxes of the heads reach."""
    reached = np.zeros(shape[:2], bool)
    for square in squares(portrait):
        middle = geometry.transform(np.full((1, 2), 255.5), geometry.invert(square.to_crop))[0]
        half = HEAD_SHARE * square.source_px / 2 + 1
        x1, y1 = np.maximum(0, np.floor(middle - half)).astype(int)
        x2, y2 = np.ceil(middle + half).astype(int)
        reached[y1:y2, x1:x2] = True
    return reached


def reached_by_face(portrait: Portrait, shape: tuple[int, ...]) -> np.ndarray:
    """Where the faces' squares reach."""
    reached = np.zeros(shape[:2], bool)
    for square in squares(portrait):
        ones = np.ones((512, 512), np.float32)
        reached |= cv2.warpAffine(ones, geometry.invert(square.to_crop), shape[1::-1]) > 0
    return reached


AREAS = {"head": reached_by_head, "face": reached_by_face}


@pytest.mark.parametrize("area", AREAS)
def test_outside_of_the_area_no_pixel_changes_and_its_rim_is_soft(
    run: Run, damaged: RGBImage, area: str
) -> None:
    portrait = run(damaged, area=area)
    after = pixels(portrait.data)
    reached = AREAS[area](portrait, damaged.shape)
    assert 0.02 < reached.mean() < 0.5
    assert (after[~reached] == damaged[~reached]).all()
    whole = pixels(run(damaged).data)
    # In the middle it is what cleaning the whole photo gives, but for the network's grid, which begins
    # elsewhere; at the rim it fades out.
    x, y = portrait.faces[0].landmarks.mean(axis=0).astype(int)
    middle = np.s_[y - 20 : y + 20, x - 20 : x + 20]
    assert distance(after[middle], whole[middle]) < 0.3 * distance(damaged[middle], whole[middle])
    change, full = (np.abs(each.astype(int) - damaged).mean(axis=2) for each in (after, whole))
    depth = cv2.distanceTransform(reached.astype(np.uint8), cv2.DIST_L2, 3)
    outer = (depth > 0) & (depth < 4)
    assert change[outer].mean() < 0.35 * full[outer].mean()
    inner = depth > 0.8 * depth.max()
    assert change[inner].mean() > 0.9 * full[inner].mean()


def test_the_area_photo_is_the_default(run: Run, damaged: RGBImage) -> None:
    assert run(damaged, area="photo").data == run(damaged).data


@pytest.mark.parametrize("area", ["head", "face"])
def test_only_the_largest_face_is_cleaned_if_that_is_asked_for(run: Run, group: RGBImage, area: str) -> None:
    picture = noisy(group, 15)
    portrait = run(picture, area=area, faces="largest")
    assert (len(portrait.faces), portrait.restored) == (6, 1)
    reached = AREAS[area](replace(portrait, faces=portrait.faces[:1]), picture.shape)
    after = pixels(portrait.data)
    assert (after[~reached] == picture[~reached]).all()
    assert (after[reached] != picture[reached]).mean() > 0.5
    every = run(picture, area=area)
    assert every.restored == 6
    others = AREAS[area](replace(every, faces=every.faces[1:]), picture.shape)
    assert (pixels(every.data)[others] != picture[others]).mean() > 0.5


def test_the_largest_face_of_the_whole_photo_is_the_whole_photo(run: Run, group: RGBImage) -> None:
    picture = noisy(group, 15)
    one, every = run(picture, faces="largest"), run(picture)
    assert (one.restored, every.restored) == (1, 6)
    assert one.data == every.data


# No face


def test_a_photo_without_a_face_is_cleaned_by_its_noise(run: Run) -> None:
    plain = np.full((200, 300, 3), (90, 120, 150), np.uint8)
    left = run(plain, require_face=False)
    assert (left.cleaned, codes(left)) == (False, NOT_NEEDED)
    assert "detail" not in left.notes[0].detail
    assert (pixels(left.data) == plain).all()
    cleaned = run(noisy(plain, 15), require_face=False)
    assert (cleaned.cleaned, cleaned.restored, cleaned.restorer) == (True, 0, CLEAN)
    assert distance(pixels(cleaned.data), plain) < 3


@pytest.mark.parametrize("fields", [{"area": "head"}, {"area": "face"}, {"restorer": X4PLUS}], ids=str)
def test_nothing_of_a_photo_without_a_face_is_restored_where_faces_are(
    run: Run, fields: dict[str, str]
) -> None:
    picture = noisy(np.full((200, 300, 3), (90, 120, 150), np.uint8), 15)
    portrait = run(picture, require_face=False, **fields)
    assert (portrait.cleaned, portrait.restored, portrait.restorer) == (False, 0, "none")
    assert (pixels(portrait.data) == picture).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (5, 17)])
def test_a_photo_of_a_few_pixels_passes(run: Run, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert pixels(run(picture, require_face=False).data).shape == picture.shape
    assert run(picture, require_face=False, when="always").cleaned


# Faces with too little detail


def test_a_face_with_too_little_detail_is_for_the_restorer_that_invents(
    run: Run, pipeline: Pipeline, astronaut: RGBImage
) -> None:
    picture = blurred(astronaut, 2.5)
    restorer = Inventing()
    portrait = run(picture, with_inventing(pipeline, restorer))
    assert portrait.damages[0].detail < LOW_DETAIL
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (1, "inventing", True)
    # It was given the face of the cleaned photo, and only the pixels that have detail.
    (crop,) = restorer.crops
    place = geometry.align(portrait.faces[0], 512)
    cleaned = geometry.crop(pixels(run(picture).data), place).image
    assert distance(crop.image, cleaned) < 0.5
    assert crop.source_px == pytest.approx(2 * portrait.damages[0].detail)
    # The colours are the photo's all the same.
    x, y = portrait.faces[0].landmarks.mean(axis=0).astype(int)
    middle = np.s_[y - 25 : y + 25, x - 25 : x + 25]
    shift = pixels(portrait.data)[middle].mean(axis=(0, 1)) - picture[middle].mean(axis=(0, 1))
    assert np.abs(shift).max() < 4


@pytest.mark.parametrize("strength", [0.5, 1])
def test_any_other_face_is_cleaned_only(
    run: Run, pipeline: Pipeline, damaged: RGBImage, strength: float
) -> None:
    restorer = Inventing()
    portrait = run(damaged, with_inventing(pipeline, restorer), strength=strength)
    assert portrait.damages[0].detail >= LOW_DETAIL
    assert (portrait.restored, portrait.restorer, restorer.crops) == (1, CLEAN, [])
    assert portrait.data == run(damaged, strength=strength).data


# Without a cleaner


def test_without_a_cleaner_the_faces_are_restored_where_needed(
    run: Run, pipeline: Pipeline, astronaut: RGBImage, damaged: RGBImage
) -> None:
    bare = without_cleaner(pipeline)
    left = run(astronaut, bare)
    assert (left.restorer, codes(left)) == ("none", NOT_NEEDED)
    assert (pixels(left.data) == astronaut).all()
    portrait = run(damaged, bare)
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (1, X4PLUS, False)
    outside = ~reached_by_face(portrait, damaged.shape)
    assert (pixels(portrait.data)[outside] == damaged[outside]).all()


# Crops and enlargement


def test_a_crop_of_a_large_photo_is_cleaned_at_the_size_of_the_portrait(
    run: Run, pipeline: Pipeline, astronaut: RGBImage
) -> None:
    large = noisy(
        np.asarray(cv2.resize(astronaut, (2048, 2048), interpolation=cv2.INTER_CUBIC), np.uint8), 25
    )
    shapes: list[tuple[int, ...]] = []
    cleaner = pipeline.models.cleaner
    assert cleaner is not None

    class Seen:
        name = CLEAN

        def clean(self, rgb: RGBImage, cancellation: object = None) -> RGBImage:
            shapes.append(rgb.shape[:2])
            return cleaner.clean(rgb)

    seen = Pipeline(replace(pipeline.models, cleaner=Seen()), pipeline.presets, LIMITS)  # type: ignore[arg-type]
    fields = {"width": 200, "height": 250, "head": 0.6}
    portrait = run(large, seen, **fields)
    assert portrait.cleaned
    assert max(shapes[-1]) < 600
    plain = run(large, restorer="none", **fields)
    clean = run(
        np.asarray(cv2.resize(astronaut, (2048, 2048), interpolation=cv2.INTER_CUBIC), np.uint8),
        restorer="none",
        **fields,
    )
    assert distance(pixels(portrait.data), pixels(clean.data)) < distance(
        pixels(plain.data), pixels(clean.data)
    )
    # It is where the uncleaned one is: half a pixel off, edges would differ by tens of levels.
    assert distance(pixels(portrait.data), pixels(plain.data)) < 6


@pytest.mark.parametrize("align", [True, False])
def test_a_crop_is_cleaned_as_the_whole_photo_is(run: Run, damaged: RGBImage, align: bool) -> None:
    fields = {"width": 300, "height": 300, "head": 0.6, "align": align}
    cropped = pixels(run(damaged, **fields).data)
    cleaned = pixels(run(damaged).data)
    expected = pixels(run(cleaned, restorer="none", **fields).data)
    assert np.median(np.abs(cropped.astype(int) - expected)) <= 2


def test_an_enlarged_picture_is_cleaned_first(run: Run, plain: Pipeline, damaged: RGBImage) -> None:
    portrait = run(damaged, plain, upscale=2, restorer=CLEAN)  # its enlarging repeats pixels
    stages = list(portrait.timings_ms)
    assert stages.index("clean") < stages.index("upscale")
    cleaned = pixels(run(damaged, restorer=CLEAN).data)
    assert (pixels(portrait.data) == cleaned.repeat(2, axis=0).repeat(2, axis=1)).all()


# Alpha, presets


@pytest.mark.parametrize("fields", [{}, {"area": "head"}, {"width": 300, "height": 300}], ids=str)
def test_transparency_is_not_cleaned(run: Run, damaged: RGBImage, fields: dict[str, object]) -> None:
    alpha = np.random.default_rng(0).integers(0, 256, (512, 512), np.uint8)
    picture = np.dstack((damaged, alpha))
    portrait = run(picture, **fields)
    assert portrait.cleaned
    frame = {name: value for name, value in fields.items() if name != "area"}
    untouched = pixels(run(picture, restorer="none", **frame).data)
    assert (pixels(portrait.data)[..., 3] == untouched[..., 3]).all()
    assert (pixels(portrait.data)[..., :3] != untouched[..., :3]).any()


def test_a_preset_that_forbids_retouching_restores_nothing_unless_that_is_asked_for(
    run: Run, damaged: RGBImage
) -> None:
    portrait = run(damaged, preset="us-passport")
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (0, "none", False)
    assert "restoration_off" in codes(portrait)
    assert portrait.damages == ()
    asked = run(damaged, preset="us-passport", restorer="auto")
    assert (asked.restored, asked.cleaned) == (1, True)
    assert "restoration_off" not in codes(asked)
    assert asked.verdict is not None
    assert next(rule.status for rule in asked.verdict.rules if rule.name == "retouched") == "fail"


# Grey


def grey_file(astronaut: RGBImage, mode: str, format_: str) -> bytes:
    luma = noisy(cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY), 15)
    buffer = io.BytesIO()
    image = Image.fromarray(luma).convert(mode)
    if format_ == "lossless":
        image.save(buffer, "WEBP", lossless=True)
    else:
        image.save(buffer, format_)
    return buffer.getvalue()


def difference_of_channels(portrait: Portrait) -> int:
    return int(np.ptp(np.asarray(portrait.image.convert("RGB"), int), axis=2).max())


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "lossless"])
def test_grey_in_is_grey_out(pipeline: Pipeline, astronaut: RGBImage, mode: str, format_: str) -> None:
    portrait = pipeline.process(grey_file(astronaut, mode, format_), Options(format="png"))
    assert portrait.cleaned
    assert portrait.damages[0].grey
    assert difference_of_channels(portrait) == 0


# The YUV of a lossy WebP has no exact grey for some levels, also if nothing is restored.
@pytest.mark.parametrize(
    ("restorer", "format_", "most"),
    [(CLEAN, "png", 0), (CLEAN, "jpeg", 0), (CLEAN, "webp", 1), (X4PLUS, "png", 0)],
)
def test_a_grey_face_is_grey_in_each_format(
    pipeline: Pipeline, astronaut: RGBImage, restorer: str, format_: str, most: int
) -> None:
    options = Options.parse({"restorer": restorer, "area": "face", "format": format_})
    portrait = pipeline.process(grey_file(astronaut, "RGB", "PNG"), options)
    assert portrait.restored == 1
    assert difference_of_channels(portrait) <= most


def test_a_photo_with_colours_is_not_grey(run: Run, damaged: RGBImage) -> None:
    portrait = run(damaged)
    assert not portrait.damages[0].grey
    assert np.ptp(pixels(portrait.data).astype(int), axis=2).max() > 100


def test_a_flat_photo_of_any_area_is_left(run: Run) -> None:
    assert (pixels(run(GREY, require_face=False).data) == GREY).all()
