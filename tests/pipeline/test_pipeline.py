import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
import pytest
from PIL import Image

from facecraft.bootstrap import Runtime
from facecraft.cancellation import Cancellation
from facecraft.errors import DeadlineExceeded, ImageTooLarge, InvalidOption, NoFaceFound
from facecraft.imaging import codec, geometry
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.upscaling import Upscaler
from facecraft.types import FaceCrop, RGBImage
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
    options = Options(format="webp")
    assert pipeline.process(data, options).data == pipeline.process(data, options).data


def test_only_the_face_changes(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    portrait = pipeline.process(png(astronaut), Options())
    result = pixels(portrait.data)
    reached = under([geometry.align(portrait.faces[0], 512)], (512, 512))
    assert (result[~reached] == astronaut[~reached]).all()
    assert (result[reached] != astronaut[reached]).mean() > 0.5


def test_colours_are_kept(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    portrait = pipeline.process(png(astronaut), Options())
    x1, y1, x2, y2 = portrait.faces[0].bbox.astype(int)
    difference = pixels(portrait.data)[y1:y2, x1:x2].astype(float) - astronaut[y1:y2, x1:x2]
    assert abs(difference.mean(axis=(0, 1))).max() < 3


def test_faces_restored_together_and_apart_agree(pipeline: Pipeline, group: RGBImage, png: Encode) -> None:
    # t1.jpg cut to its two faces in the middle, once whole and once with each of them painted over.
    both = np.ascontiguousarray(group[100:520, 240:620])
    whole = pipeline.process(png(both), Options())
    assert whole.restored == 2
    together = pixels(whole.data)
    places = [geometry.align(face, 512) for face in whole.faces]
    restorer = next(iter(pipeline.models.restorers.values()))
    for index, place in enumerate(places):
        alone = both.copy()
        (square,) = restorer.restore([geometry.crop(both, place)], [0.5])
        geometry.paste_back(alone, square, place, 1.0)
        own = under([place], both.shape[:2]) & ~under([places[1 - index]], both.shape[:2])
        assert own.sum() > 5000
        assert abs(together[own].astype(int) - alone[own]).max() <= 1


def test_faces_largest_restores_one(pipeline: Pipeline, group: RGBImage, png: Encode) -> None:
    portrait = pipeline.process(png(group), Options(faces="largest"))
    assert (len(portrait.faces), portrait.restored) == (6, 1)
    others = under([geometry.align(face, 512) for face in portrait.faces[1:]], group.shape[:2])
    others &= ~under([geometry.align(portrait.faces[0], 512)], group.shape[:2])
    assert (pixels(portrait.data)[others] == group[others]).all()


@pytest.mark.parametrize("options", [Options(restorer="none"), Options(strength=0)])
def test_without_restoration_the_pixels_stay(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, options: Options
) -> None:
    portrait = pipeline.process(png(astronaut), options)
    assert portrait.restored == 0
    assert (pixels(portrait.data) == astronaut).all()


def test_a_picture_without_a_face_is_refused(pipeline: Pipeline, png: Encode) -> None:
    with pytest.raises(NoFaceFound):
        pipeline.process(png(GREY), Options())


def test_a_picture_without_a_face_passes_where_none_is_required(pipeline: Pipeline, png: Encode) -> None:
    portrait = pipeline.process(png(GREY), Options(require_face=False))
    assert (len(portrait.faces), portrait.restored) == (0, 0)
    assert (pixels(portrait.data) == GREY).all()


def test_alpha_passes_through(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    alpha = np.arange(512, dtype=np.uint16)[None].repeat(512, axis=0).clip(0, 255).astype(np.uint8)
    portrait = pipeline.process(png(np.dstack((astronaut, alpha))), Options())
    assert (pixels(portrait.data)[:, :, 3] == alpha).all()


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp"])
def test_the_answer_has_the_format_asked_for(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, format_: str
) -> None:
    options = Options.parse({"format": format_, "restorer": "none"})
    portrait = pipeline.process(png(astronaut), options)
    assert portrait.format == format_
    assert Image.open(io.BytesIO(portrait.data)).format == format_.upper()


def test_auto_keeps_the_inputs_format(pipeline: Pipeline, group_path: Path) -> None:
    portrait = pipeline.process(group_path.read_bytes(), Options(restorer="none"))
    assert portrait.format == "jpeg"


def test_an_unknown_restorer_is_refused_with_those_there_are(pipeline: Pipeline, png: Encode) -> None:
    with pytest.raises(InvalidOption, match=r"auto, none, realesrgan-x4plus"):
        pipeline.process(png(GREY), Options(restorer="gfpgan"))


@pytest.mark.parametrize("restorer", ["auto", "none", "realesrgan-x4plus"])
def test_fidelity_is_refused_where_it_means_nothing(pipeline: Pipeline, png: Encode, restorer: str) -> None:
    with pytest.raises(InvalidOption, match="fidelity"):
        pipeline.process(png(GREY), Options(restorer=restorer, fidelity=0.5))


def test_every_stage_is_timed(pipeline: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    timings = pipeline.process(png(astronaut), Options()).timings_ms
    assert list(timings) == ["decode", "detect", "align", "restore", "paste", "encode"]
    assert all(ms > 0 for ms in timings.values())


EVERY_STEP = {
    "width": "400", "height": "500", "head": "0.5", "align": "true", "background": "white", "tone": "auto",
    "mask": "oval", "layout": "a6", "max_drift": "0.2", "format": "png",
}  # fmt: skip


def test_the_steps_of_finishing_run_in_their_order_and_each_is_timed(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    timings = pipeline.process(png(astronaut), Options.parse(EVERY_STEP), judge=True).timings_ms
    assert list(timings) == [
        *("decode", "detect", "landmarks", "frame", "align", "restore", "drift", "paste"),
        *("background", "tone", "mask", "sheet", "encode", "verdict"),
    ]


def test_the_stages_add_up_to_the_whole(plain: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    data, options = png(astronaut), Options.parse(EVERY_STEP)
    shares = []
    for _ in range(5):
        start = perf_counter()
        portrait = plain.process(data, options, judge=True)
        shares.append(sum(portrait.timings_ms.values()) / ((perf_counter() - start) * 1000))
    assert 0.95 < sorted(shares)[2] <= 1


@pytest.mark.parametrize(
    "fields", [{"strength": "0.3"}, {"max_drift": "0.1"}, {"faces": "largest"}, {"fidelity": "0.5"}], ids=str
)
def test_an_option_of_restoration_is_refused_where_nothing_is_restored(
    pipeline: Pipeline, fields: dict[str, str]
) -> None:
    with pytest.raises(InvalidOption, match="has no meaning for"):
        pipeline.process(b"", Options.parse({"restorer": "none", **fields}))


def test_a_transparent_jpeg_is_refused_before_anything_is_done(pipeline: Pipeline) -> None:
    with pytest.raises(InvalidOption, match="A JPEG cannot be transparent"):
        pipeline.process(b"", Options(background="transparent", format="jpeg"))


@pytest.mark.parametrize(
    ("fields", "format_"),
    [
        ({"background": "transparent"}, "png"),
        ({"background": "white"}, "jpeg"),
        ({"background": "transparent", "layout": "a6"}, "jpeg"),
        ({"background": "transparent", "format": "webp"}, "webp"),
    ],
    ids=str,
)
def test_auto_is_a_format_that_can_hold_the_portrait(
    plain: Pipeline, group_path: Path, fields: dict[str, str], format_: str
) -> None:
    portrait = plain.process(group_path.read_bytes(), Options.parse({**fields, "restorer": "none"}))
    assert portrait.format == format_


def test_a_frame_of_an_enlarged_picture_is_where_the_plain_one_is(
    plain: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    fields = {"width": "500", "height": "500", "head": "0.6", "align": "true", "restorer": "none"}
    framed = pixels(plain.process(png(astronaut), Options.parse(fields)).data).astype(int)
    twice = pixels(plain.process(png(astronaut), Options.parse(fields | {"upscale": "2"})).data)
    assert abs(framed - twice).mean() < 2


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
    portrait = loaded.pipeline.process(png(np.asarray(large, np.uint8)), Options(format="jpeg"))
    assert portrait.restored == 1
    picture, _ = codec.decode(portrait.data, LIMITS)
    assert picture.rgb.shape == (1800, 1800, 3)


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

    models = replace(pipeline.models, restorers={"broken": BatchingRestorer(Broken(), 1, 0)}, upscalers={})
    broken = Pipeline(models, {}, LIMITS)
    with pytest.raises(RuntimeError, match="out of order"):
        broken.process(png(astronaut), Options())


def test_a_picture_that_the_answers_format_cannot_hold_is_refused(pipeline: Pipeline, png: Encode) -> None:
    # A PNG of 17 000 x 1 pixels, a side over what WebP holds.
    with pytest.raises(ImageTooLarge, match="does not fit a WEBP"):
        pipeline.process(png(np.zeros((1, 17_000, 3), np.uint8)), Options(format="webp"))


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
        pipeline.process(png(group), Options(), AfterTheFirst())
    assert asked[:2] == [False, True]


class Repeat:
    """An engine that repeats pixels."""

    name = "repeat"

    def __init__(self, factor: int) -> None:
        self._factor = factor

    def run(self, *inputs: np.ndarray) -> np.ndarray:
        return np.asarray(inputs[0].repeat(self._factor, axis=1).repeat(self._factor, axis=2))


class Unchanged:
    """A restorer that gives back what it was given."""

    face_size_px = 512

    def __init__(self, name: str, *, takes_fidelity: bool = False) -> None:
        self.name = name
        self.takes_fidelity = takes_fidelity

    def restore(self, crops: Sequence[FaceCrop], fidelities: Sequence[float]) -> list[RGBImage]:
        return [crop.image for crop in crops]


@pytest.fixture(scope="module")
def plain(loaded: Runtime) -> Pipeline:
    """The default detector, with stand-ins that change nothing for the networks."""
    restorers = {
        name: BatchingRestorer(Unchanged(name, takes_fidelity=name == "codeformer"), 1, 0)
        for name in ("gfpgan-1.4", "codeformer")
    }
    upscalers = {2: Upscaler("repeat", Repeat(2), 2, 2), 4: Upscaler("repeat", Repeat(4), 4, 4)}
    return Pipeline(replace(loaded.pipeline.models, restorers=restorers, upscalers=upscalers), {}, LIMITS)


@pytest.mark.parametrize("factor", [2, 4])
def test_an_enlarged_picture_has_its_faces_where_they_were(
    plain: Pipeline, astronaut: RGBImage, png: Encode, factor: int
) -> None:
    options = Options.parse({"upscale": str(factor)})
    portrait = plain.process(png(astronaut), options)
    assert portrait.restored == 1
    assert list(portrait.timings_ms) == ["decode", "detect", "upscale", "align", "restore", "paste", "encode"]
    large = pixels(portrait.data)
    smooth = cv2.resize(astronaut, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    assert large.shape == smooth.shape
    # The face is pasted from a square that was not enlarged by repeating pixels: were it a pixel off, edges
    # would differ by tens of levels everywhere.
    face = np.s_[60 * factor : 200 * factor, 170 * factor : 280 * factor]
    assert abs(large[face].astype(int) - smooth[face]).mean() < 4


def test_transparency_is_enlarged_with_the_picture(plain: Pipeline, astronaut: RGBImage, png: Encode) -> None:
    alpha = np.full((512, 512), 255, np.uint8)
    alpha[:, :256] = 0
    picture = Image.fromarray(np.dstack((astronaut, alpha)))
    portrait = plain.process(png(picture), Options(upscale=2))
    assert pixels(portrait.data)[512, (0, 500, 523, 1023), 3].tolist() == [0, 0, 255, 255]


def test_a_result_over_the_limit_is_refused_before_any_network_runs(plain: Pipeline, png: Encode) -> None:
    with pytest.raises(ImageTooLarge, match="portrait of 8000 x 8000 is over the limit of 40000000"):
        plain.process(png(np.zeros((2000, 2000, 3), np.uint8)), Options(upscale=4, require_face=False))


def test_a_factor_without_a_model_is_refused(loaded: Runtime, png: Encode) -> None:
    bare = Pipeline(replace(loaded.pipeline.models, upscalers={}), {}, LIMITS)
    with pytest.raises(InvalidOption, match="No loaded model enlarges a picture 2 times"):
        bare.process(png(GREY), Options(upscale=2))


def test_the_best_restorer_is_the_default_and_any_loaded_one_can_be_named(
    plain: Pipeline, astronaut: RGBImage, png: Encode
) -> None:
    photo = png(astronaut)
    assert plain.process(photo, Options()).restorer == "gfpgan-1.4"
    named = Options(restorer="codeformer", fidelity=0.7)
    assert plain.process(photo, named).restorer == "codeformer"
    with pytest.raises(InvalidOption, match=r"no meaning for the restorer gfpgan-1\.4"):
        plain.process(photo, Options(fidelity=0.7))
    with pytest.raises(InvalidOption, match=r"there are auto, none, gfpgan-1\.4, codeformer"):
        plain.process(photo, Options(restorer="realesrgan-x4plus"))


def test_the_default_models_enlarge_a_picture(pipeline: Pipeline, png: Encode) -> None:
    portrait = pipeline.process(png(GREY), Options(upscale=2, require_face=False))
    large = pixels(portrait.data)
    assert large.shape == (128, 128, 3)
    assert abs(large.astype(int) - 128).mean() < 4  # the network makes flat grey a little lighter
