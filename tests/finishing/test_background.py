import numpy as np

from facecraft.colours import Background
from facecraft.finishing import background


def test_a_linear_gradient_runs_from_top_to_bottom() -> None:
    painted = background.paint(Background.parse("linear-gradient(black, white)"), 40, 101)
    assert (painted[0] == 0).all()
    assert (painted[-1] == 255).all()
    assert abs(int(painted[50, 0, 0]) - 128) <= 1
    assert (painted == painted[:, :1]).all()


def test_a_radial_gradient_runs_from_the_middle_to_the_corners() -> None:
    painted = background.paint(Background.parse("radial-gradient(black, white)"), 101, 101)
    assert (painted[50, 50] == 0).all()
    assert (painted[0, 0] == 255).all()
    assert (painted == painted[::-1, ::-1]).all()


def test_the_blur_of_a_picture_without_any_background_is_a_picture() -> None:
    image = np.full((50, 70, 3), 100, np.uint8)
    soft = background.blur(image, np.ones((256, 256), np.float32))
    assert abs(soft.astype(int) - 100).max() <= 1
