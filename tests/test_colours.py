import pytest

from facecraft.colours import Background
from facecraft.errors import InvalidOption


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
    assert Background.parse(text) == expected


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
        Background.parse(text)
