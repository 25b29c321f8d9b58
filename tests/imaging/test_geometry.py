import cv2
import numpy as np
import pytest

from facecraft.imaging import geometry
from facecraft.types import Face, RGBImage


def face_at(points: np.ndarray) -> Face:
    return Face(bbox=np.array([0, 0, 1, 1], np.float32), landmarks=points.astype(np.float32), score=1.0)


def placed(scale: float, angle_deg: float, x: float, y: float) -> tuple[Face, np.ndarray]:
    """A face that is FFHQ's template scaled, turned and moved; and the (2, 3) matrix that did it."""
    angle = np.radians(angle_deg)
    rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.column_stack((rotation, (x, y)))
    return face_at(geometry.TEMPLATE @ rotation.T + (x, y)), matrix


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("angle_deg", [-170, -20, 0, 35])
def test_alignment_inverts_how_the_face_was_placed(scale: float, angle_deg: float) -> None:
    face, matrix = placed(scale, angle_deg, 40, -7)
    alignment = geometry.align(face, 512)
    back = cv2.invertAffineTransform(alignment.to_crop)
    np.testing.assert_allclose(back, matrix, atol=1e-3)
    assert alignment.source_px == pytest.approx(512 * scale, rel=1e-4)


def test_alignment_of_landmarks_in_one_point_stays_finite() -> None:
    alignment = geometry.align(face_at(np.full((5, 2), 17.0)), 512)
    assert np.isfinite(alignment.to_crop).all()
    assert np.isfinite(alignment.source_px)


def test_alignment_to_a_smaller_square_scales_the_template() -> None:
    face, _ = placed(1, 0, 0, 0)
    np.testing.assert_allclose(geometry.align(face, 128).to_crop[:, :2], np.eye(2) / 4, atol=1e-6)


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.5])
def test_the_landmarks_of_a_crop_lie_on_the_template(scale: float) -> None:
    face, _ = placed(scale, 12, 60, 30)
    picture = np.zeros((1700, 1700, 3), np.uint8)
    for x, y in face.landmarks:
        cv2.circle(picture, (round(float(x)), round(float(y))), max(2, round(4 * scale)), (255, 255, 255), -1)
    square = geometry.crop(picture, geometry.align(face, 512)).image
    for x, y in geometry.TEMPLATE:
        near = square[int(y) - 12 : int(y) + 13, int(x) - 12 : int(x) + 13, 0].astype(float)
        rows, cols = np.indices(near.shape)
        centre = ((cols * near).sum() / near.sum(), (rows * near).sum() / near.sum())
        assert centre == pytest.approx((12 + x % 1, 12 + y % 1), abs=0.75 / min(scale, 1))


def test_a_crop_of_a_large_face_averages_instead_of_sampling() -> None:
    stripes = np.zeros((2100, 2100, 3), np.uint8)
    stripes[::2] = 255
    face, _ = placed(4, 0, 0, 0)
    square = geometry.crop(stripes, geometry.align(face, 512)).image
    assert abs(square[50:450, 50:450].astype(float) - 127.5).max() < 3


def test_a_crop_repeats_the_edge_where_the_picture_ends() -> None:
    picture = np.full((100, 100, 3), 200, np.uint8)
    face, _ = placed(0.3, 0, -40, -30)
    assert (geometry.crop(picture, geometry.align(face, 512)).image == 200).all()


@pytest.mark.parametrize(
    ("scale", "x", "y"), [(0.3, 200, 150), (1.2, -90, 20), (2.0, 300, 300), (0.3, 2000, 2000)]
)
def test_pasting_changes_nothing_outside_the_mask(scale: float, x: float, y: float) -> None:
    rng = np.random.default_rng(0)
    picture: RGBImage = rng.integers(0, 256, (600, 700, 3), np.uint8)
    face, _ = placed(scale, 25, x, y)
    alignment = geometry.align(face, 512)
    canvas = picture.copy()
    geometry.paste_back(canvas, rng.integers(0, 256, (512, 512, 3), np.uint8), alignment, 1.0)
    ones = np.ones((512, 512), np.float32)
    inside = cv2.warpAffine(ones, cv2.invertAffineTransform(alignment.to_crop), (700, 600)) > 0
    assert (canvas[~inside] == picture[~inside]).all()


def test_pasting_at_strength_0_changes_nothing(astronaut: RGBImage) -> None:
    face, _ = placed(0.4, 5, 120, 20)
    canvas = astronaut.copy()
    geometry.paste_back(canvas, np.zeros((512, 512, 3), np.uint8), geometry.align(face, 512), 0.0)
    assert (canvas == astronaut).all()


def test_strength_blends_linearly(astronaut: RGBImage) -> None:
    face, _ = placed(0.4, 5, 120, 20)
    alignment = geometry.align(face, 512)
    results = []
    for strength in (0.5, 1.0):
        canvas = astronaut.copy()
        geometry.paste_back(canvas, np.zeros((512, 512, 3), np.uint8), alignment, strength)
        results.append(canvas.astype(float))
    half = (astronaut + results[1]) / 2
    assert abs(results[0] - half).max() <= 1


def test_pasting_the_crop_itself_back_gives_the_picture_back(astronaut: RGBImage) -> None:
    smooth = np.asarray(cv2.GaussianBlur(astronaut, (0, 0), 2), np.uint8)
    face, _ = placed(0.5, 8, 100, 0)
    alignment = geometry.align(face, 512)
    canvas = smooth.copy()
    geometry.paste_back(canvas, geometry.crop(smooth, alignment).image, alignment, 1.0)
    difference = abs(canvas.astype(int) - smooth)
    assert difference.mean() < 0.2
    assert difference.max() <= 6


def test_the_mask_shows_no_seam() -> None:
    mask = geometry.soft_mask(512)
    border = np.concatenate((mask[:3].ravel(), mask[-3:].ravel(), mask[:, :3].ravel(), mask[:, -3:].ravel()))
    assert (border == 0).all()
    assert mask[256, 256] == 1
    # No step of more than 3 %: an edge of 100 grey levels is crossed in steps of 3.
    assert abs(np.diff(mask, axis=0)).max() < 0.03
    assert abs(np.diff(mask, axis=1)).max() < 0.03


@pytest.mark.parametrize("factor", [2, 4])
def test_an_alignment_for_the_enlarged_picture_finds_the_same_place(factor: int) -> None:
    matrix = np.array([[1.7, -0.4, 30.0], [0.4, 1.7, -12.0]])
    alignment = geometry.Alignment(matrix, 512, 300.0)
    point = np.array([40.25, 77.5])
    # Pixel centres lie at half: (p + 0.5) * factor - 0.5 in the larger picture is p in the smaller one.
    larger = (point + 0.5) * factor - 0.5
    placed = alignment.transformed(geometry.scaling(factor))
    before = matrix[:, :2] @ point + matrix[:, 2]
    assert np.allclose(placed.to_crop[:, :2] @ larger + placed.to_crop[:, 2], before)
    assert placed.source_px == pytest.approx(300 * factor)
