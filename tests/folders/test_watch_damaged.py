"""A watcher that takes damaged photos; a file may also be damaged because it is still being copied."""

from facecraft.options import Options
from tests.folders.conftest import Echo, Place


def test_a_damaged_photo_that_is_taken_may_still_become_whole(place: Place) -> None:
    photo = place.drop("a.jpg", b"damaged, as its copy stalls")
    with place.watched(Options(damaged="accept"), echo=(echo := Echo())):
        place.until(lambda _: bool(echo.processed))
        photo.write_bytes(b"the whole photo")
        place.until(lambda files: "in/done/a.jpg" in files)
    assert place.files() == {"out/a.jpg": b"the whole photo!", "in/done/a.jpg": b"the whole photo"}


def test_a_photo_that_stays_damaged_is_taken_in_the_end(place: Place) -> None:
    place.drop("a.jpg", b"damaged")
    with place.watched(Options(damaged="accept")):
        place.until(lambda files: "in/done/a.jpg" in files)
    assert place.files()["out/a.jpg"] == b"damaged!"
