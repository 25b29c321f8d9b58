"""The drawing of the rooms: what it shows, and what it refuses."""

from itertools import pairwise

from lint.imports import Drawing
from tests.guards.conftest import Copy

LAYERS = [["roof"], ["east", "west"], ["cellar"]]


def drawing(*arrows: tuple[str, str]) -> Drawing:
    return Drawing(LAYERS, frozenset(arrows))


def test_every_room_and_every_arrow_is_drawn() -> None:
    lines = [line.strip() for line in drawing(("roof", "east"), ("east", "cellar")).mermaid().splitlines()]
    assert lines[0] == "flowchart TD"
    assert {"roof", "east", "west", "cellar", "roof --> east", "east --> cellar"} < set(lines)


def test_an_arrow_up_or_sideways_is_found() -> None:
    arrows = [("roof", "cellar"), ("cellar", "west"), ("east", "west")]
    assert drawing(*arrows).not_downwards() == arrows[1:]


def test_a_circle_is_found() -> None:
    arrows = [("roof", "east"), ("east", "cellar"), ("roof", "west")]
    assert drawing(*arrows).circle() == []
    circle = drawing(*arrows, ("cellar", "roof")).circle()
    assert set(pairwise(circle)) == {("roof", "east"), ("east", "cellar"), ("cellar", "roof")}


def test_the_package_is_drawn_without_a_circle_and_without_an_arrow_up(copy: Copy) -> None:
    result = copy.draw()
    assert (result.returncode, result.stderr) == (0, "")
    assert "    pipeline --> imaging" in result.stdout.splitlines()


def test_a_planted_arrow_up_and_its_circle_are_told(copy: Copy) -> None:
    copy.plant("imaging", "import facecraft.pipeline.pipeline")
    result = copy.draw()
    assert result.returncode == 1
    assert "imaging must not import pipeline" in result.stderr
    assert "a circle: " in result.stderr


def test_a_room_without_a_layer_is_told(copy: Copy) -> None:
    (copy.root / "facecraft" / "attic.py").touch()
    result = copy.draw()
    assert result.returncode == 1
    assert "no layer in pyproject.toml has attic" in result.stderr
