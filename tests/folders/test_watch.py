import json
import os
import time
from pathlib import Path

import pytest

from facecraft import files
from facecraft.cancellation import Cancellation
from facecraft.errors import StartupError
from facecraft.folders import layout
from facecraft.options import Options
from facecraft.results import Portrait
from tests.folders.conftest import MAX_BYTES, QUICK, Echo, Place


def test_a_photo_becomes_a_portrait_and_moves_to_done(place: Place) -> None:
    place.drop("a.jpg", b"a")
    with place.watched():
        place.until(lambda files: "in/done/a.jpg" in files)
    assert place.files() == {"out/a.jpg": b"a!", "in/done/a.jpg": b"a"}


def test_a_dropped_folder_keeps_its_structure(place: Place) -> None:
    place.drop("team/a.jpg", b"a")
    with place.watched():
        place.until(lambda files: "in/done/team/a.jpg" in files)
    assert place.files() == {"out/team/a.jpg": b"a!", "in/done/team/a.jpg": b"a"}


def test_a_photo_that_has_no_face_goes_to_failed_with_its_problem(place: Place) -> None:
    place.drop("team/a.jpg", b"no face")
    with place.watched():
        place.until(lambda files: "in/failed/team/a.jpg" in files)
        files = place.files()
    assert sorted(files) == ["in/failed/team/a.jpg", "in/failed/team/a.jpg.json"]
    problem = json.loads(files["in/failed/team/a.jpg.json"])
    assert (problem["code"], problem["status"]) == ("no_face_found", 422)
    assert problem["hint"]


def test_a_failure_that_nobody_foresaw_goes_to_failed_and_the_rest_goes_on(place: Place) -> None:
    place.drop("a.jpg", b"bug")
    place.drop("b.jpg", b"b")
    with place.watched():
        place.until(lambda files: {"in/failed/a.jpg", "in/done/b.jpg"} <= files)
        files = place.files()
    assert json.loads(files["in/failed/a.jpg.json"])["code"] == "inference_failed"


def test_a_photo_that_is_still_written_to_is_left_alone(place: Place) -> None:
    echo = Echo()
    with place.watched(echo=echo), place.drop("a.jpg", b"").open("wb", buffering=0) as file:
        for _ in range(20):
            file.write(b"a")
            time.sleep(QUICK.settle_s / 5)
        place.until(lambda files: "in/done/a.jpg" in files)
    assert echo.processed == [b"a" * 20]


def test_a_half_copied_photo_whose_copy_stalls_is_waited_for(place: Place) -> None:
    photo = place.drop("a.jpg", b"half a photo")
    with place.watched(echo=(echo := Echo())):
        place.until(lambda _: bool(echo.processed))
        photo.write_bytes(b"the whole photo")
        place.until(lambda files: "in/done/a.jpg" in files)
    assert place.files() == {"out/a.jpg": b"the whole photo!", "in/done/a.jpg": b"the whole photo"}


def test_a_photo_that_stays_half_a_photo_fails(place: Place) -> None:
    place.drop("a.jpg", b"half a photo")
    with place.watched(echo=(echo := Echo())):
        place.until(lambda files: "in/failed/a.jpg" in files)
        files = place.files()
    assert json.loads(files["in/failed/a.jpg.json"])["code"] == "undecodable_image"
    assert len(echo.processed) == 2  # when it had settled, and when it was given up


def test_a_photo_replaced_while_it_is_in_work_is_done_as_it_is_then(place: Place) -> None:
    photo = place.drop("a.jpg", b"old")

    class Replaced(Echo):
        def process(self, data: bytes, options: Options, cancellation: Cancellation) -> Portrait:
            if data == b"old":
                photo.write_bytes(b"new")
            return super().process(data, options, cancellation)

    with place.watched(echo=Replaced()):
        place.until(lambda files: "in/done/a.jpg" in files)
    assert place.files() == {"out/a.jpg": b"new!", "in/done/a.jpg": b"new"}


def test_a_second_photo_of_a_name_gets_a_number_and_nothing_is_overwritten(place: Place) -> None:
    with place.watched():
        for number, content in enumerate((b"1", b"2", b"3")):
            place.drop("a.jpg", content)
            place.until_done(number + 1)
    assert place.files() == {
        "out/a.jpg": b"1!",
        "out/a-2.jpg": b"2!",
        "out/a-3.jpg": b"3!",
        "in/done/a.jpg": b"1",
        "in/done/a-2.jpg": b"2",
        "in/done/a-3.jpg": b"3",
    }


def test_photos_of_one_stem_get_portraits_of_their_own(place: Place) -> None:
    place.drop("a.jpg", b"1")
    place.drop("a.png", b"2")
    with place.watched(Options(format="webp")):
        place.until_done(2)
        files = place.files()
    assert (files["out/a.webp"], files["out/a-2.webp"]) == (b"1!", b"2!")


def test_a_photo_that_is_too_large_is_not_read_whole(place: Place) -> None:
    place.drop("a.jpg", b"a" * 10 * MAX_BYTES)
    with place.watched(echo=(echo := Echo())):
        place.until(lambda _: bool(echo.processed))
        place.until(lambda files: "in/failed/a.jpg.json" in files)
    assert len(echo.processed[0]) == MAX_BYTES + 1
    detail = json.loads(place.files()["in/failed/a.jpg.json"])["detail"]
    assert detail == "The file has 0.01 MB; at most 0.001 are taken."


@pytest.mark.parametrize("name", [".hidden.jpg", "a.jpg.part", "a.jpg.crdownload", "a.jpg~", ".git/a.jpg"])
def test_what_programs_write_before_they_rename_it_is_left_alone(place: Place, name: str) -> None:
    place.drop(name, b"a")
    place.drop("b.jpg", b"b")
    with place.watched():
        place.until(lambda files: "in/done/b.jpg" in files)
        time.sleep(2 * QUICK.settle_s)
    assert place.files()[f"in/{name}"] == b"a"


def test_links_and_pipes_are_left_alone(place: Place, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"s")
    (place.incoming / "a.jpg").symlink_to(secret)
    os.mkfifo(place.incoming / "pipe.jpg")
    place.drop("b.jpg", b"b")
    with place.watched():
        place.until(lambda files: "in/done/b.jpg" in files)
    assert [path.name for path in place.out.iterdir()] == ["b.jpg"]


def test_an_output_folder_inside_the_watched_one_is_no_source_of_photos(place: Place) -> None:
    place.out = place.incoming / "out"
    place.drop("a.jpg", b"a")
    with place.watched():
        place.until(lambda files: "in/done/a.jpg" in files)
        time.sleep(2 * QUICK.settle_s)
    assert place.files() == {"in/out/a.jpg": b"a!", "in/done/a.jpg": b"a"}


def test_the_watched_folder_cannot_be_the_output(place: Place) -> None:
    place.out = place.incoming
    with pytest.raises(StartupError, match="would be taken for photos"):
        place.watcher()


def test_a_full_disk_leaves_the_photo_and_it_is_tried_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, failures = files.write_whole, iter([True, True])

    def full(target: Path, data: bytes) -> None:
        if next(failures, False):
            raise OSError(28, "No space left on device")
        write(target, data)

    monkeypatch.setattr(layout, "write_whole", full)
    place.drop("a.jpg", b"a")
    with place.watched():
        place.until(lambda files: "in/done/a.jpg" in files)
    assert place.files() == {"out/a.jpg": b"a!", "in/done/a.jpg": b"a"}


def test_two_watchers_do_no_photo_twice(place: Place) -> None:
    class Slow(Echo):
        def process(self, data: bytes, options: Options, cancellation: Cancellation) -> Portrait:
            time.sleep(0.005)
            return super().process(data, options, cancellation)

    for number in range(40):
        place.drop(f"{number}.jpg", str(number).encode())
    one, two = Slow(), Slow()
    with place.watched(echo=one), place.watched(echo=two):
        place.until_done(40)
    assert sorted(one.processed + two.processed) == sorted(str(number).encode() for number in range(40))
    assert len(list(place.out.iterdir())) == 40


def test_a_problem_never_overwrites_a_dropped_file(place: Place) -> None:
    place.drop("failed/a.jpg.json", b"a sidecar")
    place.drop("a.jpg", b"no face")
    with place.watched():
        place.until(lambda files: "in/failed/a-2.jpg" in files)
    assert place.files()["in/failed/a.jpg.json"] == b"a sidecar"


@pytest.mark.parametrize("by_rename", [False, True])
def test_a_photo_replaced_while_a_bad_one_is_in_work_does_not_fail_for_it(
    place: Place, by_rename: bool
) -> None:
    photo = place.drop("a.jpg", b"no face")

    class Replaced(Echo):
        def process(self, data: bytes, options: Options, cancellation: Cancellation) -> Portrait:
            if data == b"no face":
                new = place.drop(".new", b"good") if by_rename else photo
                new.write_bytes(b"good")
                new.replace(photo)
            return super().process(data, options, cancellation)

    with place.watched(echo=Replaced()):
        place.until_done(1)
    assert place.files() == {"out/a.jpg": b"good!", "in/done/a.jpg": b"good"}


@pytest.mark.parametrize("name", ["x" * 251 + ".jpg", "x" * 255])
@pytest.mark.parametrize(("content", "folder"), [(b"a", "done"), (b"no face", "failed")])
def test_the_longest_names_are_finished(place: Place, name: str, content: bytes, folder: str) -> None:
    place.drop(name, content)
    with place.watched():
        place.until(lambda files: any(one.startswith(f"in/{folder}/xxx") for one in files))


def test_a_file_of_which_the_end_is_not_written_yet_is_waited_for(place: Place) -> None:
    photo = place.drop("a.webp", b"a" + bytes(100))
    with place.watched():
        time.sleep(3 * QUICK.settle_s)
        photo.write_bytes(b"a" * 101)
        place.until_done(1)
    assert place.files()["out/a.jpg"] == b"a" * 101 + b"!"


def test_folders_without_end_do_not_end_the_watcher(place: Place) -> None:
    deep = place.incoming / "/".join("d" * 200)
    deep.mkdir(parents=True)
    place.drop("a.jpg", b"a")
    with place.watched():
        place.until_done(1)
