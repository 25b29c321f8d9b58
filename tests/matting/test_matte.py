"""A person cut out of pictures whose background is known, because it was put there."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facecraft.imaging.picture import Picture, composite
from facecraft.matting import matte
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.portraits import Make, pixels, rgba

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Person:
    """A portrait of 512 px, and where its person is: 0 to 1, with an edge that is two pixels soft."""

    image: RGBImage
    share: NDArray[np.float32]

    def before(self, background: RGBImage) -> RGBImage:
        weight = self.share[..., None]
        return np.rint(self.image * weight + background * (1 - weight)).astype(np.uint8)

    @property
    def beyond_px(self) -> NDArray[np.float32]:
        """How far each pixel is from the person."""
        return np.asarray(cv2.distanceTransform((self.share < 0.05).astype(np.uint8), cv2.DIST_L2, 5))


def opacity(picture: Picture) -> NDArray[np.float64]:
    assert picture.alpha is not None
    return picture.alpha / 255


@pytest.fixture(scope="module")
def cut(pipeline: Pipeline) -> Callable[[RGBImage], Picture]:
    return lambda image: matte.cut_out(image, pipeline.models.segmenter.segment(image))


@pytest.fixture(scope="module", params=[(512, 512, 0.45), (512, 640, 0.6)], ids=str)
def person(
    request: pytest.FixtureRequest, make: Make, astronaut: RGBImage, cut: Callable[[RGBImage], Picture]
) -> Person:
    width, height, head = request.param
    image = pixels(make(astronaut, width=width, height=height, head=head, align=True))
    found = cut(image)
    inside = (opacity(found) > 0.5).astype(np.uint8)
    whole = cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((15, 15), np.uint8))
    share = cv2.GaussianBlur(whole.astype(np.float32), (0, 0), 1)
    return Person(found.rgb, np.asarray(share, np.float32))


def plain(person: Person, colour: Colour) -> RGBImage:
    return np.full(person.image.shape, colour, np.uint8)


def striped(person: Person, first: Colour, second: Colour) -> RGBImage:
    """Stripes of 20 px across the picture."""
    height, width = person.share.shape
    rows = np.where((np.arange(height) // 20 % 2)[:, None] == 1, first, second).astype(np.uint8)
    return np.repeat(rows[:, None], width, axis=1)


def lab(image: NDArray[np.floating] | RGBImage) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(np.asarray(image, np.float32) / 255, cv2.COLOR_RGB2LAB))


@pytest.fixture(scope="module", params=["green", "grey", "blue and white stripes"])
def background(request: pytest.FixtureRequest, person: Person) -> RGBImage:
    return {
        "green": plain(person, (0, 177, 64)),
        "grey": plain(person, (200, 200, 200)),
        "blue and white stripes": striped(person, (60, 110, 190), (230, 230, 240)),
    }[request.param]


def test_no_background_survives_three_pixels_from_the_person(
    cut: Callable[[RGBImage], Picture], person: Person, background: RGBImage
) -> None:
    alpha = opacity(cut(person.before(background)))
    assert ((alpha > 0.05) & (person.beyond_px > 3)).sum() == 0


def test_next_to_nothing_of_the_person_is_lost(
    cut: Callable[[RGBImage], Picture], person: Person, background: RGBImage
) -> None:
    alpha = opacity(cut(person.before(background)))
    inside = cv2.distanceTransform((person.share > 0.95).astype(np.uint8), cv2.DIST_L2, 5) > 3
    assert ((alpha < 0.5) & inside).sum() < 0.0005 * inside.sum()


def test_no_halo_of_the_old_background_remains(
    cut: Callable[[RGBImage], Picture], person: Person, background: RGBImage
) -> None:
    # On white, along the edge, against the person who never stood before anything else.
    photo = person.before(background)
    found = cut(photo)
    white = np.full_like(photo, 255)
    wanted = lab(person.before(white))
    edge = (person.share > 0.02) & (person.share < 0.98)
    halo = np.linalg.norm(lab(composite(found, white.copy())) - wanted, axis=2)[edge]
    naive = np.linalg.norm(lab(composite(Picture(photo, found.alpha), white.copy())) - wanted, axis=2)[edge]
    assert halo.mean() < 12  # CIE 1976; some of it is the edge's own softness
    assert halo.mean() < naive.mean()


def test_soft_hair_keeps_its_own_colour(person: Person) -> None:
    # With the matte known, what is left is the estimate of the person's colours.
    green = plain(person, (0, 177, 64))
    photo = person.before(green)
    found = matte.cut_out(photo, person.share)
    edge = (person.share > 0.3) & (person.share < 0.9)
    error = np.linalg.norm(lab(found.rgb) - lab(person.image), axis=2)[edge].mean()
    untouched = np.linalg.norm(lab(photo) - lab(person.image), axis=2)[edge].mean()
    assert error < untouched / 2


def test_the_background_asked_for_is_exactly_that(make: Make, astronaut: RGBImage) -> None:
    portrait = pixels(make(astronaut, background="#336699", format="png"))
    assert (portrait[:60, 400:] == (0x33, 0x66, 0x99)).all()


def test_a_person_keeps_every_pixel_inside(make: Make, astronaut: RGBImage) -> None:
    portrait = pixels(make(astronaut, background="white"))
    assert (portrait[80:150, 190:250] == astronaut[80:150, 190:250]).all()


def test_transparent_leaves_the_person_alone(make: Make, astronaut: RGBImage) -> None:
    portrait = rgba(make(astronaut, background="transparent"))
    assert portrait[130, 225, 3] == 255
    assert (portrait[:40, 300:330, 3] == 0).all()


def test_blur_keeps_the_person_sharp_and_no_colour_of_theirs_behind(make: Make, astronaut: RGBImage) -> None:
    portrait = pixels(make(astronaut, background="blur"))
    assert (portrait[80:150, 190:250] == astronaut[80:150, 190:250]).all()
    stripes = np.s_[60:200, 0:60]
    assert cv2.Laplacian(portrait[stripes], cv2.CV_64F).std() < 3
    # Beside the head it is grey as it was, not brown as the hair.
    beside = portrait[20:60, 110:135].reshape(-1, 3).mean(axis=0)
    assert np.ptp(beside) < 25


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (64, 4096), (3, 2)], ids=str)
def test_pictures_of_any_shape_are_cut_out(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 128, np.uint8)
    found = matte.cut_out(image, np.full((256, 256), 0.5, np.float32))
    assert found.alpha is not None
    assert found.alpha.shape == shape


@pytest.mark.parametrize("shape", [(2, 2000), (2000, 1), (20, 20_000)], ids=str)
@pytest.mark.parametrize(
    "options",
    [{"background": "white"}, {"background": "blur"}, {"background": "transparent"}, {"tone": "auto"}],
)
def test_a_picture_of_a_pixels_width_is_finished(
    make: Make, shape: tuple[int, int], options: dict[str, object]
) -> None:
    portrait = make(np.full((*shape, 3), 128, np.uint8), require_face=False, **options)
    assert (portrait.height, portrait.width) == shape
