"""The hot folder with a portrait of each face."""

from facecraft.options import Options
from tests.folders.conftest import Place


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
