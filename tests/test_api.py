"""The Python API with the default models."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facecraft import Facecraft, InvalidOption, NoFaceFound, Options, Photo, Settings
from facecraft.errors import UndecodableImage
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.portraits import pixels
from tests.processes import run_python


@pytest.fixture(scope="module")
def fc() -> Iterator[Facecraft]:
    with Facecraft(device="cpu") as opened:
        yield opened


def test_a_photo_is_processed_as_over_http(fc: Facecraft, group_path: Path) -> None:
    options = Options(restorer="none", width=200, height=250, head=0.5)
    portrait = fc.process(group_path, options)
    expected = fc.runtime.pipeline.process(group_path.read_bytes(), options, judge=True)
    assert portrait.data == expected.data
    assert portrait.verdict == expected.verdict
    assert portrait.verdict is not None
    assert fc.process(group_path, options, judge=False).verdict is None


def test_an_array_and_an_image_are_processed_as_their_file(
    fc: Facecraft, astronaut: RGBImage, png: Encode
) -> None:
    expected = fc.process(png(astronaut), restorer="none", tone="auto").data
    for photo in (astronaut, Image.fromarray(astronaut)):
        assert fc.process(photo, restorer="none", tone="auto").data == expected


def test_pixels_of_a_camera_are_not_held_against_the_limit_of_uploads(fc: Facecraft) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4500, 4000, 3), np.uint8)
    assert noise.nbytes > Settings().max_upload_bytes
    for photo in (noise, Image.fromarray(noise)):
        portrait = fc.process(photo, restorer="none", require_face=False, format="jpeg", judge=False)
        assert (portrait.source.width, portrait.source.height) == (4000, 4500)


def test_a_check_knows_no_file_size_without_a_file(fc: Facecraft, astronaut: RGBImage, png: Encode) -> None:
    for photo, status in ((astronaut, "unknown"), (png(astronaut), "pass")):
        rules = {rule.name: rule for rule in fc.check(photo, preset="us-passport").verdict.rules}
        assert rules["file_size"].status == status


def test_an_image_keeps_the_format_of_its_file(fc: Facecraft, group_path: Path) -> None:
    with Image.open(group_path) as image:
        assert fc.process(image, restorer="none", judge=False).format == "jpeg"


def test_options_come_from_an_object_a_preset_and_names_and_later_ones_override(
    fc: Facecraft, astronaut: RGBImage
) -> None:
    base = Options(restorer="none", width=300, height=400)
    portrait = fc.process(astronaut, base, preset="linkedin", width=500, height=500)
    assert (portrait.width, portrait.height) == (500, 500)
    assert portrait.format == "jpeg"
    assert portrait.restorer == "none"


def test_wrong_options_say_what_http_says(fc: Facecraft, astronaut: RGBImage) -> None:
    with pytest.raises(InvalidOption, match="no option 'widht'"):
        fc.process(astronaut, widht=100)
    with pytest.raises(InvalidOption, match="The option width is wrong"):
        fc.process(astronaut, width=1)
    with pytest.raises(InvalidOption, match="nonsense"):
        fc.process(astronaut, preset="nonsense")
    with pytest.raises(InvalidOption):
        fc.map([astronaut], restorer="nonsense")
    with pytest.raises(ValueError, match="workers is 0"):
        fc.map([astronaut], workers=0)


def test_detect_and_check(fc: Facecraft, group_path: Path, astronaut: RGBImage) -> None:
    assert len(fc.detect(group_path).faces) == 6
    rules = {rule.name: rule for rule in fc.check(astronaut, preset="us-passport").verdict.rules}
    assert rules["one_face"].status == "pass"
    assert {rule.name for rule in fc.check(astronaut).verdict.rules} <= set(rules)
    with pytest.raises(UndecodableImage):
        fc.detect(b"\x89PNG\r\n\x1a\n")


def test_a_photo_without_a_face_is_refused(fc: Facecraft) -> None:
    with pytest.raises(NoFaceFound):
        fc.process(np.zeros((64, 64, 3), np.uint8))


def test_a_portrait_is_saved_whole_under_a_name_of_its_format(
    fc: Facecraft, astronaut: RGBImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_descriptor: int) -> None:
        raise OSError("no space")

    portrait = fc.process(astronaut, restorer="none", format="jpeg")
    for name in ("a.jpg", "b.JPEG"):
        portrait.save(tmp_path / name)
        assert (tmp_path / name).read_bytes() == portrait.data
    with pytest.raises(InvalidOption, match=r"c\.png is not a name for a JPEG file") as caught:
        portrait.save(str(tmp_path / "c.png"))
    assert caught.value.hint == "Use a name that ends in .jpeg, or process the photo with another format."
    assert not (tmp_path / "c.png").exists()
    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        portrait.save(tmp_path / "d.jpg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "b.JPEG"]
    assert (portrait.array == pixels(portrait)).all()
    assert portrait.image.size == (portrait.width, portrait.height)


def test_a_transparent_portrait_is_an_array_of_four_channels(fc: Facecraft, astronaut: RGBImage) -> None:
    portrait = fc.process(astronaut, restorer="none", mask="circle", format="png")
    assert portrait.array.shape == (512, 512, 4)
    assert portrait.image.mode == "RGBA"
    assert portrait.array[0, 0, 3] == 0


def test_many_photos_come_in_order_and_one_that_fails_stops_nobody(
    fc: Facecraft, astronaut: RGBImage, group_path: Path, tmp_path: Path
) -> None:
    photos: list[Photo] = [
        group_path,
        tmp_path / "none.jpg",
        b"no picture",
        astronaut,
        np.zeros((9, 9, 3), np.uint8),
        Image.new("LA", (9, 9)).convert("La"),
    ]
    results = list(fc.map(photos, restorer="none"))
    assert all(result.source is photo for result, photo in zip(results, photos, strict=True))
    assert [type(result.error).__name__ for result in results] == [
        *("NoneType", "FileNotFoundError", "UnsupportedFormat", "NoneType", "NoFaceFound", "UndecodableImage")
    ]
    assert [len(result.portrait.faces) for result in results if result.error is None] == [6, 1]
    with pytest.raises(FileNotFoundError):
        _ = results[1].portrait


CYCLES = """
import threading
from pathlib import Path
from facecraft import Facecraft

photo = {photo!r}

def held():
    status = Path("/proc/self/status").read_text()
    threads = int(status.split("Threads:")[1].split()[0])
    resident_kb = int(status.split("VmRSS:")[1].split()[0])
    return threads, resident_kb

for _ in range({cycles}):
    with Facecraft(device="cpu") as fc:
        fc.process(photo, faces="largest")
        list(fc.map([photo] * 2, restorer="none", background="blur"))
    del fc
    print(*held(), len(threading.enumerate()), flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_opened_and_closed_five_times_it_leaves_neither_threads_nor_memory(group_path: Path) -> None:
    lines = run_python(CYCLES.format(photo=str(group_path), cycles=5), timeout_s=500).splitlines()
    held = [tuple(map(int, line.split())) for line in lines]
    assert {python_threads for _, _, python_threads in held} == {1}
    assert len({threads for threads, _, _ in held}) == 1, held
    assert held[-1][1] - held[0][1] < 60_000, held
