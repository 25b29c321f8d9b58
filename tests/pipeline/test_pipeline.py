from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facecraft.bootstrap import Runtime
from facecraft.cancellation import Cancellation
from facecraft.errors import DeadlineExceeded, NoFaceFound
from facecraft.imaging import codec, geometry
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.cleaning import Cleaner
from facecraft.restoration.damage import is_clean
from facecraft.restoration.likeness import keep_colour, keep_detail
from facecraft.types import FaceCrop, RGBImage
from tests.conftest import Encode
from tests.damages import noisy
from tests.pipeline.conftest import GREY, LIMITS, X4PLUS, pixels


def under(masks: list[geometry.Alignment], shape: tuple[int, int]) -> np.ndarray:
    """Where any of the squares reaches."""
    reached = np.zeros(shape, bool)
    for alignment in masks:
        ones = np.ones((alignment.side_px, alignment.side_px), np.float32)
        matrix = cv2.invertAffineTransform(alignment.to_crop)
        reached |= cv2.warpAffine(ones, matrix, shape[::-1]) > 0
    return reached


@pytest.mark.parametrize("restorer", ["auto", X4PLUS])
def test_the_same_image_gives_the_same_bytes_twice(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, restorer: str
) -> None:
    data = png(noisy(astronaut, 15))
    options = Options(format="webp", restorer=restorer)
    first = pipeline.process(data, options)
    assert first.restored == 1
    assert first.data == pipeline.process(data, options).data


def test_only_the_face_changes(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    portrait = pipeline.process(png(astronaut), Options(restorer=X4PLUS))
    result = pixels(portrait.data)
    reached = under([geometry.align(portrait.faces[0], 512)], (512, 512))
    assert (result[~reached] == astronaut[~reached]).all()
    assert (result[reached] != astronaut[reached]).mean() > 0.5


@pytest.mark.parametrize("restorer", ["facecraft-clean", X4PLUS])
def test_colours_are_kept(pipeline: Pipeline, astronaut: RGBImage, png: Encode, restorer: str) -> None:
    portrait = pipeline.process(png(astronaut), Options(restorer=restorer))
    assert portrait.restored == 1
    x1, y1, x2, y2 = portrait.faces[0].bbox.astype(int)
    difference = pixels(portrait.data)[y1:y2, x1:x2].astype(float) - astronaut[y1:y2, x1:x2]
    assert abs(difference.mean(axis=(0, 1))).max() < 0.5


def test_faces_restored_together_and_apart_agree(pipeline: Pipeline, group: RGBImage, png: Encode) -> None:
    # t1.jpg cut to its two faces in the middle, once whole and once with each of them painted over.
    both = np.ascontiguousarray(group[100:520, 240:620])
    whole = pipeline.process(png(both), Options(restorer=X4PLUS))
    assert whole.restored == 2
    together = pixels(whole.data)
    places = [geometry.align(face, 512) for face in whole.faces]
    restorer = pipeline.models.restorers[X4PLUS]
    for index, place in enumerate(places):
        alone = both.copy()
        found = whole.damages[index]
        assert is_clean(found.noise, None)
        face = geometry.crop(both, place)
        (square,) = restorer.restore([replace(face, source_px=min(face.source_px, 2 * found.detail))], [0.5])
        square = keep_detail(face.image, square, found.detail)
        keep_colour(face.image, square, 512)
        geometry.paste_back(alone, square, place, 1.0)
        own = under([place], both.shape[:2]) & ~under([places[1 - index]], both.shape[:2])
        assert own.sum() > 5000
        assert abs(together[own].astype(int) - alone[own]).max() <= 1


def test_faces_largest_restores_one(pipeline: Pipeline, group: RGBImage, png: Encode) -> None:
    portrait = pipeline.process(png(group), Options(faces="largest", restorer=X4PLUS))
    assert (len(portrait.faces), portrait.restored) == (6, 1)
    others = under([geometry.align(face, 512) for face in portrait.faces[1:]], group.shape[:2])
    others &= ~under([geometry.align(portrait.faces[0], 512)], group.shape[:2])
    assert (pixels(portrait.data)[others] == group[others]).all()


@pytest.mark.parametrize("options", [Options(restorer="none"), Options(strength=0)])
def test_without_restoration_the_pixels_stay(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, options: Options
) -> None:
    damaged = noisy(astronaut, 15)
    portrait = pipeline.process(png(damaged), options)
    assert (portrait.restored, portrait.restorer, portrait.cleaned) == (0, "none", False)
    assert (pixels(portrait.data) == damaged).all()


def test_a_picture_without_a_face_is_refused(pipeline: Pipeline, png: Encode) -> None:
    with pytest.raises(NoFaceFound):
        pipeline.process(png(GREY), Options())


def test_a_picture_without_a_face_passes_where_none_is_required(pipeline: Pipeline, png: Encode) -> None:
    portrait = pipeline.process(png(GREY), Options(require_face=False))
    assert (len(portrait.faces), portrait.restored) == (0, 0)
    assert (pixels(portrait.data) == GREY).all()


@pytest.mark.parametrize("restorer", ["auto", X4PLUS])
def test_alpha_passes_through(pipeline: Pipeline, astronaut: RGBImage, png: Encode, restorer: str) -> None:
    alpha = np.arange(512, dtype=np.uint16)[None].repeat(512, axis=0).clip(0, 255).astype(np.uint8)
    picture = np.dstack((noisy(astronaut, 15), alpha))
    portrait = pipeline.process(png(picture), Options(restorer=restorer))
    assert portrait.restored == 1
    assert (pixels(portrait.data)[:, :, 3] == alpha).all()


def test_a_frame_of_a_transparent_picture_keeps_its_transparency(
    plain: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    alpha = np.full((512, 512), 255, np.uint8)
    alpha[:, :224] = 0  # up to the middle of the face
    fields = {"width": "300", "height": "300", "head": "0.5", "restorer": "none"}
    portrait = plain.process(png(np.dstack((astronaut, alpha))), Options.parse(fields))
    kept = pixels(portrait.data)[..., 3]
    assert kept[:, :130].max() == 0
    assert kept[:, 170:].min() == 255


def test_an_answer_that_must_not_be_larger_is_not(plain: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    portrait = plain.process(png(astronaut), Options.parse({"format": "jpeg", "max_kb": "20"}))
    assert len(portrait.data) <= 20_000
    assert portrait.quality is not None
    assert portrait.quality < 90


def test_a_crop_larger_than_the_model_is_restored_whole(
    loaded: Runtime, astronaut: RGBImage, png: Encode
) -> None:
    large = cv2.resize(astronaut[:256, 96:352], (1800, 1800), interpolation=cv2.INTER_CUBIC)
    options = Options(format="jpeg", restorer=X4PLUS)
    portrait = loaded.pipeline.process(png(np.asarray(large, np.uint8)), options)
    assert portrait.restored == 1
    picture, _ = codec.decode(portrait.data, LIMITS)
    assert picture.rgb.shape == (1800, 1800, 3)


def test_a_restorer_that_fails_fails_the_request(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    class Broken:
        name = "broken"
        face_size_px = 512
        takes_fidelity = False

        def input_side_px(self, source_px: float) -> int:
            return self.face_size_px

        def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
            raise RuntimeError("out of order")

    models = replace(pipeline.models, restorers={"broken": BatchingRestorer(Broken(), 1, 0)}, upscalers={})
    broken = Pipeline(models, {}, LIMITS)
    with pytest.raises(RuntimeError, match="out of order"):
        broken.process(png(astronaut), Options(restorer="broken"))


def test_a_cleaner_that_fails_fails_the_request(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    class Broken:
        name = "broken"

        def run(self, *inputs: NDArray[Any]) -> NDArray[Any]:
            raise RuntimeError("out of order")

    broken = Pipeline(replace(pipeline.models, cleaner=Cleaner("broken", Broken())), {}, LIMITS)
    with pytest.raises(RuntimeError, match="out of order"):
        broken.process(png(noisy(astronaut, 15)), Options())


def test_a_cancelled_portrait_stops_before_its_next_face(
    pipeline: Pipeline, group: RGBImage, png: Encode
) -> None:
    asked: list[bool] = []

    class AfterTheFirst(Cancellation):
        @property
        def cancelled(self) -> bool:
            asked.append(len(asked) >= 1)
            return asked[-1]

    with pytest.raises(DeadlineExceeded):
        pipeline.process(png(group), Options(restorer=X4PLUS), AfterTheFirst())
    assert asked[:2] == [False, True]


def test_without_anyone_who_waits_a_large_photo_is_not_searched_for_small_faces(
    pipeline: Pipeline, png: Encode
) -> None:
    stopped = Cancellation()
    stopped.cancel()
    photo = png(np.full((2000, 1000, 3), 128, np.uint8))
    for look in (pipeline.detect, partial(pipeline.check, options=Options())):
        with pytest.raises(DeadlineExceeded):
            look(photo, cancellation=stopped)


def test_a_blurred_background_gets_the_tone_of_the_portrait(
    plain: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    dark = png((astronaut * 0.4).astype(np.uint8))
    blurred = pixels(plain.process(dark, Options(background="blur", restorer="none")).data)
    toned = pixels(plain.process(dark, Options(background="blur", tone="auto", restorer="none")).data)
    corner = np.s_[:60, :60]
    assert toned[corner].mean() > blurred[corner].mean() + 5
