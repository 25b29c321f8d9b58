import numpy as np
import pytest

from facecraft.errors import InvalidOption
from facecraft.finishing import background
from facecraft.finishing.background import Background


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("keep", Background("keep")),
        ("transparent", Background("transparent")),
        (" Blur ", Background("blur")),
        ("white", Background("colour", ((255, 255, 255),))),
        ("#abc", Background("colour", ((0xAA, 0xBB, 0xCC),))),
        ("#102030", Background("colour", ((0x10, 0x20, 0x30),))),
        ("rgb(1, 2, 3)", Background("colour", ((1, 2, 3),))),
        ("hsl(0, 100%, 50%)", Background("colour", ((255, 0, 0),))),
        ("linear-gradient(white, #000)", Background("linear", ((255, 255, 255), (0, 0, 0)))),
        ("radial-gradient(rgb(1,2,3),black)", Background("radial", ((1, 2, 3), (0, 0, 0)))),
    ],
)
def test_what_css_writes_is_read(text: str, expected: Background) -> None:
    assert background.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whit",
        "#12",
        "#10203040",
        "linear-gradient(white)",
        "conic-gradient(red, blue)",
        "none",
        "rgb(256, 0, 0)",
    ],
)
def test_what_is_no_background_is_refused_with_what_may_stand_there(text: str) -> None:
    with pytest.raises(InvalidOption, match="background"):
        background.parse(text)


def test_a_linear_gradient_runs_from_top_to_bottom() -> None:
    painted = background.paint(background.parse("linear-gradient(black, white)"), 40, 101)
    assert (painted[0] == 0).all()
    assert (painted[-1] == 255).all()
    assert abs(int(painted[50, 0, 0]) - 128) <= 1
    assert (painted == painted[:, :1]).all()


def test_a_radial_gradient_runs_from_the_middle_to_the_corners() -> None:
    painted = background.paint(background.parse("radial-gradient(black, white)"), 101, 101)
    assert (painted[50, 50] == 0).all()
    assert (painted[0, 0] == 255).all()
    assert (painted == painted[::-1, ::-1]).all()


def test_the_blur_of_a_picture_without_any_background_is_a_picture() -> None:
    image = np.full((50, 70, 3), 100, np.uint8)
    soft = background.blurred(image, np.ones((256, 256), np.float32))
    assert abs(soft.astype(int) - 100).max() <= 1
