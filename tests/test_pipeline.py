import io
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from facecraft.bootstrap import Loaded
from facecraft.errors import DeadlineExceeded, ImageTooLarge, InvalidOption, NoFaceFound
from facecraft.imaging import codec, geometry
from facecraft.pipeline import Pipeline
from facecraft.portrait import FaceCrop, ProcessOptions, RGBImage
from facecraft.restoration.batching import BatchingRestorer
from tests.conftest import Encode

GREY = np.full((64, 64, 3), 128, np.uint8)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def under(masks: list[geometry.Alignment], shape: tuple[int, int]) -> np.ndarray:
    """Where any of the squares reaches."""
    reached = np.zeros(shape, bool)
    for alignment in masks:
        ones = np.ones((alignment.side_px, alignment.side_px), np.float32)
        matrix = cv2.invertAffineTransform(alignment.to_crop)
        reached |= cv2.warpAffine(ones, matrix, shape[::-1]) > 0
    return reached


def test_the_same_image_gives_the_same_bytes_twice(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    data = png(astronaut)
    options = ProcessOptions(format="webp")
    assert pipeline.process(data, options).data == pipeline.process(data, options).data


def test_only_the_face_changes(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    portrait = pipeline.process(png(astronaut), ProcessOptions())
    result = pixels(portrait.data)
    reached = under([geometry.align(portrait.faces[0], 512)], (512, 512))
    assert (result[~reached] == astronaut[~reached]).all()
    assert (result[reached] != astronaut[reached]).mean() > 0.5


def test_colours_are_kept(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    portrait = pipeline.process(png(astronaut), ProcessOptions())
    x1, y1, x2, y2 = portrait.faces[0].bbox.astype(int)
    difference = pixels(portrait.data)[y1:y2, x1:x2].astype(float) - astronaut[y1:y2, x1:x2]
    assert abs(difference.mean(axis=(0, 1))).max() < 3


def test_faces_restored_together_and_apart_agree(pipeline: Pipeline, group: RGBImage, png: Encode) -> None:
    # t1.jpg cut to its two faces in the middle, once whole and once with each of them painted over.
    both = np.ascontiguousarray(group[100:520, 240:620])
    whole = pipeline.process(png(both), ProcessOptions())
    assert whole.restored == 2
    together = pixels(whole.data)
    places = [geometry.align(face, 512) for face in whole.faces]
    restorer = next(iter(pipeline.restorers.values()))
    for index, place in enumerate(places):
        alone = both.copy()
        (square,) = restorer.restore([geometry.crop(both, place)], [0.5])
        geometry.paste_back(alone, square, place, 1.0)
        own = under([place], both.shape[:2]) & ~under([places[1 - index]], both.shape[:2])
        assert own.sum() > 5000
        assert abs(together[own].astype(int) - alone[own]).max() <= 1


def test_faces_largest_restores_one(pipeline: Pipeline, group: RGBImage, png: Encode) -> None:
    portrait = pipeline.process(png(group), ProcessOptions(faces="largest"))
    assert (len(portrait.faces), portrait.restored) == (6, 1)
    others = under([geometry.align(face, 512) for face in portrait.faces[1:]], group.shape[:2])
    others &= ~under([geometry.align(portrait.faces[0], 512)], group.shape[:2])
    assert (pixels(portrait.data)[others] == group[others]).all()


@pytest.mark.parametrize("options", [ProcessOptions(restorer="none"), ProcessOptions(strength=0)])
def test_without_restoration_the_pixels_stay(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, options: ProcessOptions
) -> None:
    portrait = pipeline.process(png(astronaut), options)
    assert portrait.restored == 0
    assert (pixels(portrait.data) == astronaut).all()


def test_a_picture_without_a_face_is_refused(pipeline: Pipeline, png: Encode) -> None:
    with pytest.raises(NoFaceFound):
        pipeline.process(png(GREY), ProcessOptions())


def test_a_picture_without_a_face_passes_where_none_is_required(pipeline: Pipeline, png: Encode) -> None:
    portrait = pipeline.process(png(GREY), ProcessOptions(require_face=False))
    assert (len(portrait.faces), portrait.restored) == (0, 0)
    assert (pixels(portrait.data) == GREY).all()


def test_alpha_passes_through(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    alpha = np.arange(512, dtype=np.uint16)[None].repeat(512, axis=0).clip(0, 255).astype(np.uint8)
    portrait = pipeline.process(png(np.dstack((astronaut, alpha))), ProcessOptions())
    assert (pixels(portrait.data)[:, :, 3] == alpha).all()


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp"])
def test_the_answer_has_the_format_asked_for(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, format_: str
) -> None:
    options = ProcessOptions.parse({"format": format_, "restorer": "none"})
    portrait = pipeline.process(png(astronaut), options)
    assert portrait.format == format_
    assert Image.open(io.BytesIO(portrait.data)).format == format_.upper()


def test_auto_keeps_the_inputs_format(pipeline: Pipeline, group_path: Path) -> None:
    portrait = pipeline.process(group_path.read_bytes(), ProcessOptions(restorer="none"))
    assert portrait.format == "jpeg"


def test_an_unknown_restorer_is_refused_with_those_there_are(pipeline: Pipeline, png: Encode) -> None:
    with pytest.raises(InvalidOption, match=r"auto, none, realesrgan-x4plus"):
        pipeline.process(png(GREY), ProcessOptions(restorer="gfpgan"))


@pytest.mark.parametrize("restorer", ["auto", "none", "realesrgan-x4plus"])
def test_fidelity_is_refused_where_it_means_nothing(pipeline: Pipeline, png: Encode, restorer: str) -> None:
    with pytest.raises(InvalidOption, match="fidelity"):
        pipeline.process(png(GREY), ProcessOptions(restorer=restorer, fidelity=0.5))


def test_every_stage_is_timed(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    timings = pipeline.process(png(astronaut), ProcessOptions()).timings_ms
    assert list(timings) == ["decode", "detect", "align", "restore", "paste", "encode"]
    assert all(ms > 0 for ms in timings.values())


def test_a_crop_larger_than_the_model_is_restored_whole(
    loaded: Loaded, astronaut: RGBImage, png: Encode
) -> None:
    large = cv2.resize(astronaut[:256, 96:352], (1800, 1800), interpolation=cv2.INTER_CUBIC)
    portrait = loaded.pipeline.process(png(np.asarray(large, np.uint8)), ProcessOptions(format="jpeg"))
    assert portrait.restored == 1
    assert codec.decode(portrait.data, LIMITS).rgb.shape == (1800, 1800, 3)


LIMITS = codec.Limits(upload_bytes=20_000_000, pixels=40_000_000, frames=1, scans=100)


def test_a_restorer_that_fails_fails_the_request(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    class Broken:
        name = "broken"
        face_size_px = 512
        takes_fidelity = False

        def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
            raise RuntimeError("out of order")

    broken = Pipeline(pipeline._detector, {"broken": BatchingRestorer(Broken(), 1, 0)}, {}, LIMITS)
    with pytest.raises(RuntimeError, match="out of order"):
        broken.process(png(astronaut), ProcessOptions())


def test_a_picture_that_the_answers_format_cannot_hold_is_refused(pipeline: Pipeline, png: Encode) -> None:
    # A PNG of 17 000 x 1 pixels, a side over what WebP holds.
    with pytest.raises(ImageTooLarge, match="does not fit a WEBP"):
        pipeline.process(png(np.zeros((1, 17_000, 3), np.uint8)), ProcessOptions(format="webp"))


def test_an_abandoned_portrait_stops_before_its_next_face(
    pipeline: Pipeline, group: RGBImage, png: Encode
) -> None:
    asked: list[bool] = []

    def abandoned() -> bool:
        asked.append(len(asked) >= 1)
        return asked[-1]

    with pytest.raises(DeadlineExceeded):
        pipeline.process(png(group), ProcessOptions(), abandoned)
    assert asked[:2] == [False, True]
