import numpy as np

from facecraft.imaging.picture import Picture, composite, flatten, multiply_alpha, scale_down

RED = np.full((4, 6, 3), (200, 0, 0), np.uint8)
HALF = np.full((4, 6), 128, np.uint8)


def test_a_picture_knows_its_size() -> None:
    assert (Picture(RED).width, Picture(RED).height) == (6, 4)


def test_an_opaque_picture_hides_its_backdrop() -> None:
    assert composite(Picture(RED), np.zeros_like(RED)) is RED
    assert flatten(Picture(RED), (0, 0, 255)) is RED


def test_a_half_transparent_picture_shows_half_of_its_backdrop() -> None:
    drawn = composite(Picture(RED, HALF), np.full_like(RED, 100))
    assert abs(drawn.astype(int) - (150, 50, 50)).max() <= 1
    assert (flatten(Picture(RED, np.zeros_like(HALF)), (1, 2, 3)) == (1, 2, 3)).all()


def test_alpha_channels_multiply_and_none_is_opaque() -> None:
    assert multiply_alpha(None, None) is None
    assert multiply_alpha(HALF, None) is HALF
    assert multiply_alpha(None, HALF) is HALF
    product = multiply_alpha(HALF, HALF)
    assert product is not None
    assert abs(product.astype(int) - 64).max() <= 1


def test_scaled_down_an_edge_keeps_its_colour() -> None:
    rgb = np.zeros((90, 90, 3), np.uint8)
    rgb[:, :40] = (200, 150, 100)
    alpha = np.where(np.arange(90) < 40, 255, 0).astype(np.uint8)[None].repeat(90, axis=0)
    small = scale_down(Picture(rgb, np.ascontiguousarray(alpha)), 33, 31)
    assert small.alpha is not None
    assert small.rgb.shape == (31, 33, 3)
    assert 0 < small.alpha[0, 14] < 255
    assert np.abs(small.rgb[small.alpha > 20].astype(int) - (200, 150, 100)).max() <= 2
