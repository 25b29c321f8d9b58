"""The hot folder with a portrait of each face."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

from facecraft.cancellation import Cancellation
from facecraft.options import Options
from facecraft.results import Portrayal
from tests.folders.conftest import Echo, Place
from tests.portraits import BLANK


def test_each_face_has_its_portrait_whose_names_no_other_photo_takes(place: Place) -> None:
    place.drop("class.jpg", b"ab3d")
    place.drop("class.png", b"e")
    place.drop("nobody.jpg", b"12")
    with place.watched(Options(preset="badge", each=True)):
        place.until(lambda files: {"in/done/class.jpg", "in/done/class-2.png"} <= files)
        place.until(lambda files: "in/failed/nobody.jpg" in files)
    files = place.files()
    assert {name: files[name] for name in files if name.startswith("out/")} == {
        "out/class-01.jpg": b"a!",
        "out/class-02.jpg": b"b!",
        "out/class-04.jpg": b"d!",
        "out/class-2-01.jpg": b"e!",
    }
    assert any(line.endswith("class-01.jpg and 2 more") for line in place.lines)


class Crowd(Echo):
    """A photo with 40 faces, whose portraits have 2 MB each; the work on the last may fail."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self._fails = fails

    def process_each(self, data: bytes, options: Options, cancellation: Cancellation) -> Iterator[Portrayal]:
        for number in range(1, 41):
            if number == 40 and self._fails:
                raise RuntimeError("out of order")
            yield Portrayal(number, 40, replace(BLANK, data=bytes([number]) * 2_000_000), 1)


def test_the_portraits_of_a_crowd_are_not_kept_in_memory(place: Place) -> None:
    place.drop("class.jpg", b"class")
    tracemalloc.start()
    try:
        with place.watched(Options(preset="badge", each=True), Crowd()):
            place.until_done(1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert {path.name: path.stat().st_size for path in place.out.iterdir()} == {
        f"class-{number:02}.jpg": 2_000_000 for number in range(1, 41)
    }
    assert peak < 10_000_000


def test_a_failure_after_some_portraits_leaves_none_of_them(place: Place) -> None:
    place.drop("team/class.jpg", b"class")
    with place.watched(Options(preset="badge", each=True), Crowd(fails=True)):
        place.until(lambda files: "in/failed/team/class.jpg" in files)
    assert sorted(place.files()) == ["in/failed/team/class.jpg", "in/failed/team/class.jpg.json"]
