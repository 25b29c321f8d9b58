"""Photos with more pixels than are decoded, and what is told of them. Here both are small."""

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from facecraft.bootstrap import Runtime
from facecraft.errors import ImageTooLarge, InvalidOption
from facecraft.imaging.limits import Limits
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.results import Portrait
from facecraft.types import RGBImage
from tests.portraits import by_name

LIMITS = Limits(upload_bytes=20_000_000, pixels=300_000, frames=1000, scans=100)


@pytest.fixture(scope="module")
def small(loaded: Runtime) -> Pipeline:
    """Decodes 300 000 pixels at most."""
    return Pipeline(loaded.pipeline.models, loaded.pipeline.presets, LIMITS)


@pytest.fixture(scope="module")
def photo(astronaut: RGBImage) -> bytes:
    """1024 x 1024, a JPEG."""
    large = cv2.resize(astronaut, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return as_jpeg(np.asarray(large, np.uint8))


def as_jpeg(rgb: RGBImage) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def notes(portrait: Portrait) -> dict[str, str]:
    return {note.code: note.detail for note in portrait.notes}


@pytest.mark.parametrize(
    "fields",
    [
        {"preset": "badge"},
        {"width": 200},
        {"width": 200, "height": 300},
        {"head": 0.5},
        {"margin": 0.3, "align": True},
        {"width": 64, "height": 80, "layout": "a6", "dpi": 72},
    ],
    ids=str,
)
def test_a_portrait_with_a_size_of_its_own_is_made_of_fewer_pixels(
    small: Pipeline, photo: bytes, fields: dict[str, object]
) -> None:
    portrait = small.process(photo, Options.parse({"restorer": "none"} | fields))
    assert notes(portrait)["reduced"] == "Of the photo's 1024 x 1024 pixels, 512 x 512 were decoded."
    assert (portrait.source.width, portrait.source.height, portrait.source.reduced) == (1024, 1024, 2)


def test_it_is_the_portrait_of_the_whole_photo(small: Pipeline, pipeline: Pipeline, photo: bytes) -> None:
    options = Options(width=160, height=200, head=0.5, restorer="none", format="png")
    made, expected = small.process(photo, options), pipeline.process(photo, options)
    assert cv2.absdiff(made.array, expected.array).mean() < 4
    assert "reduced" not in notes(expected)


@pytest.mark.parametrize(
    "fields",
    [{}, {"align": True}, {"eye_line": 0.6}, {"width": 200, "upscale": 2}, {"background": "white"}],
    ids=str,
)
def test_where_all_pixels_are_needed_it_is_refused_with_what_would_work(
    small: Pipeline, photo: bytes, fields: dict[str, object]
) -> None:
    with pytest.raises(ImageTooLarge, match=r"1024 x 1024 has 1\.1 megapixels; at most 0\.3 are") as caught:
        small.process(photo, Options.parse(fields))
    assert caught.value.limit == 300_000
    assert caught.value.hint.startswith("A JPEG of up to 1.5 megapixels is taken with preset, width, height")


def test_faces_and_their_damage_are_in_pixels_of_the_file(
    small: Pipeline, pipeline: Pipeline, photo: bytes
) -> None:
    found, expected = small.detect(photo), pipeline.detect(photo)
    assert np.abs(found.faces[0].bbox - expected.faces[0].bbox).max() < 6
    assert np.abs(found.faces[0].landmarks - expected.faces[0].landmarks).max() < 6
    made = small.process(photo, Options(width=200, when="always"))
    assert np.abs(made.faces[0].bbox - found.faces[0].bbox).max() < 0.01
    assert made.damages[0].square_px == pytest.approx(2 * 174, rel=0.05)


def test_a_place_is_a_pixel_of_the_file(small: Pipeline, group: RGBImage) -> None:
    photo = as_jpeg(group)  # 1280 x 886, six faces
    found = small.detect(photo)
    assert found.source.reduced == 2
    for index, face in enumerate(found.faces):
        x, y = face.landmarks.mean(axis=0).round().astype(int).tolist()
        options = Options(width=100, height=100, head=0.5, face=(x, y), restorer="none")
        assert small.process(photo, options).face == index + 1
    with pytest.raises(InvalidOption, match="There is no face at 1270,20"):
        small.process(photo, Options(width=100, face=(1270, 20)))


def test_a_photo_on_its_side_has_the_size_of_the_upright_file(small: Pipeline, astronaut: RGBImage) -> None:
    large = cv2.resize(astronaut[:, 40:480], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    source = small.detect(as_jpeg(np.rot90(np.asarray(large, np.uint8)))).source
    assert (source.width, source.height, source.turned_deg, source.reduced) == (880, 1024, 90, 2)


def test_a_check_measures_the_photo_and_not_what_was_decoded_of_it(
    small: Pipeline, pipeline: Pipeline, photo: bytes
) -> None:
    options = Options(preset="us-passport")
    check, expected = (each.check(photo, options) for each in (small, pipeline))
    found, wanted = by_name(check.verdict), by_name(expected.verdict)
    for name in ("width", "height"):
        assert found[name].value == wanted[name].value == 1024
    eyes = {each.name: each.value for each in check.verdict.quality}["inter_eye_distance"]
    eyes_wanted = {each.name: each.value for each in expected.verdict.quality}["inter_eye_distance"]
    assert eyes == pytest.approx(eyes_wanted, rel=0.05)


def test_pixels_between_the_eyes_count_as_far_as_the_decoded_ones_show_detail(
    small: Pipeline, pipeline: Pipeline, photo: bytes, astronaut: RGBImage
) -> None:
    # The photo was enlarged to twice its size, so half of it has all of its detail. The astronaut was not.
    half = Pipeline(small.models, small.presets, replace(LIMITS, pixels=512 * 512 - 1))
    options = Options(width=100, height=100, head=0.5, restorer="none")
    values = [
        by_name(each.process(data, options, judge=True).verdict)["source_resolution"].value
        for each, data in (
            (pipeline, photo),
            (small, photo),
            (pipeline, as_jpeg(astronaut)),
            (half, as_jpeg(astronaut)),
        )
    ]
    enlarged, enlarged_half, sharp, sharp_half = values
    assert enlarged_half == pytest.approx(enlarged, rel=0.1)
    assert sharp_half == pytest.approx((sharp or 0) / 2, rel=0.2)


def test_each_face_of_a_large_photo_gets_its_portrait(small: Pipeline, group: RGBImage) -> None:
    made = list(small.process_each(as_jpeg(group), Options(preset="badge", restorer="none", each=True)))
    portraits = [each.result for each in made if isinstance(each.result, Portrait)]
    assert len(portraits) == len(made) >= 5
    assert all("reduced" in notes(each) for each in portraits)


def test_a_png_of_that_size_is_refused(small: Pipeline, astronaut: RGBImage) -> None:
    buffer = io.BytesIO()
    Image.fromarray(astronaut).resize((600, 600)).save(buffer, "PNG")
    with pytest.raises(ImageTooLarge) as caught:
        small.process(buffer.getvalue(), Options(preset="badge"))
    assert caught.value.hint == (
        "Scale the picture down before sending it, or send a JPEG of up to 1.5 megapixels."
    )
