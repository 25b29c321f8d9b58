"""Faces are found on their side, upside down, and where they are small in a large photo."""

import cv2
import numpy as np
import pytest
import skimage.data

from facecraft.detection import search
from facecraft.detection.search import Found
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import Face, RGBImage


class Looks:
    """The detector, which counts its looks."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._models = pipeline.models
        self.count = 0

    def detect(self, image: RGBImage) -> list[Face]:
        self.count += 1
        return self._models.detector.detect(image)

    def find(self, image: RGBImage) -> Found:
        return search.find_faces(image, self, self._models.mesh)


@pytest.fixture
def looks(pipeline: Pipeline) -> Looks:
    return Looks(pipeline)


def scene_of(face: RGBImage, face_px: int, at: tuple[int, int]) -> RGBImage:
    """24 megapixels of coffee with a portrait in it, whose face has so many pixels."""
    coffee = np.asarray(skimage.data.coffee())  # type: ignore[no-untyped-call]
    photo = np.asarray(cv2.resize(coffee, (6000, 4000), interpolation=cv2.INTER_CUBIC), np.uint8)
    side = round(512 * face_px / 110)
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    photo[at[1] : at[1] + side, at[0] : at[0] + side] = small
    return photo


def test_an_ordinary_portrait_is_looked_at_once(looks: Looks, astronaut: RGBImage, group: RGBImage) -> None:
    assert looks.find(astronaut).turns == 0
    assert len(looks.find(group).faces) == 6
    assert looks.count == 2


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_photo_is_turned_until_its_faces_are_upright(looks: Looks, astronaut: RGBImage, turns: int) -> None:
    found = looks.find(search.turned(astronaut, turns))
    assert found.turns == 4 - turns
    (face,), (upright,) = found.faces, looks.find(astronaut).faces
    np.testing.assert_array_equal(face.bbox, upright.bbox)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_group_is_turned_as_a_whole(looks: Looks, group: RGBImage, turns: int) -> None:
    found = looks.find(search.turned(group, turns))
    assert (found.turns, len(found.faces)) == (4 - turns, 6)


@pytest.mark.parametrize("roll_deg", [-40, -25, 25, 40])
def test_a_head_that_leans_does_not_turn_the_photo(
    looks: Looks, astronaut: RGBImage, roll_deg: float
) -> None:
    matrix = cv2.getRotationMatrix2D((256, 256), roll_deg, 1)
    leaning = cv2.warpAffine(astronaut, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    assert looks.find(np.asarray(leaning, np.uint8)).turns == 0


@pytest.mark.parametrize("at", [(100, 100), (2000, 1100), (2250, 1450), (5400, 3400)])
def test_a_face_of_a_sixtieth_is_found_in_24_megapixels(
    looks: Looks, astronaut: RGBImage, at: tuple[int, int]
) -> None:
    found = looks.find(scene_of(astronaut, 100, at))
    assert found.turns == 0
    (face,) = found.faces
    side = round(512 * 100 / 110)
    assert at[0] < face.bbox[0] < face.bbox[2] < at[0] + side
    assert at[1] < face.bbox[1] < face.bbox[3] < at[1] + side
    assert face.bbox[3] - face.bbox[1] < 6000 / 45


def test_every_face_of_a_crowd_is_found_once(looks: Looks, group: RGBImage) -> None:
    assert len(looks.find(np.tile(group, (4, 4, 1))).faces) == 16 * 6


def test_a_large_photo_with_a_face_of_ordinary_size_is_looked_at_once(
    looks: Looks, astronaut: RGBImage
) -> None:
    assert len(looks.find(scene_of(astronaut, 300, (3000, 1500))).faces) == 1
    assert looks.count == 1


@pytest.mark.parametrize("name", ["brick", "grass", "gravel", "coffee", "rocket", "chelsea", "moon", "clock"])
def test_nothing_is_found_where_nobody_is(looks: Looks, name: str) -> None:
    texture = np.asarray(getattr(skimage.data, name)())
    rgb = texture if texture.ndim == 3 else np.repeat(texture[..., None], 3, axis=2)
    count = 3000 // max(rgb.shape)
    larger = cv2.resize(rgb, None, fx=count, fy=count, interpolation=cv2.INTER_CUBIC)
    for picture in (rgb, np.tile(rgb, (count, count, 1)), np.asarray(larger, np.uint8)):
        assert looks.find(picture) == Found(0, ())


def test_at_most_so_many_small_faces_are_looked_at(
    looks: Looks, astronaut: RGBImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = np.full((4000, 6000, 3), 128, np.uint8)
    small = cv2.resize(astronaut, (560, 560), interpolation=cv2.INTER_AREA)
    for left in range(0, 5600, 800):
        crowd[1000:1560, left : left + 560] = small
    at_first = len(looks.detect(crowd))
    assert len(looks.find(crowd).faces) == 7
    monkeypatch.setattr(search, "MOST_SMALL", 2)
    assert len(looks.find(crowd).faces) == at_first + 2 < 7
