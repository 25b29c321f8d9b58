import argparse
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.quality import Sample, compare, damaged_file, head_of, line, main, parse_strategy
from benchmarks.quality_sheet import HEIGHT_PX, WIDTH_PX, Row, Tile, draw
from facecraft import Facecraft
from facecraft.types import Face, RGBImage
from training.quality import DAMAGES, Damage, damage

CLEAN = Damage("clean")


@pytest.fixture(scope="module")
def fc() -> Iterator[Facecraft]:
    with Facecraft(device="cpu") as opened:
        yield opened


@pytest.mark.parametrize("how", DAMAGES, ids=lambda how: how.name)
def test_a_damaged_file_has_the_pixels_of_the_damage(how: Damage, astronaut: RGBImage) -> None:
    image = Image.open(io.BytesIO(damaged_file(astronaut, how, seed=1)))
    assert image.format == ("JPEG" if how.quality and how.scale == 1 else "PNG")
    difference = np.abs(np.asarray(image, np.int16) - damage(astronaut, how, 1))
    assert difference.mean() < 0.1  # decoders round differently


def test_a_strategy_is_a_list_of_options() -> None:
    options = parse_strategy("restorer=codeformer,fidelity=0.7").options
    assert options is not None
    assert (options.restorer, options.fidelity, options.require_face) == ("codeformer", 0.7, False)
    with pytest.raises(argparse.ArgumentTypeError, match="no option 'restore'"):
        parse_strategy("restore=none")


def test_the_head_ends_with_the_photo() -> None:
    face = Face(np.array([10, 20, 110, 120], np.float32), np.zeros((5, 2), np.float32), 1.0)
    assert head_of(face, 300, 150) == (slice(0, 150), slice(0, 145))


def test_a_photo_without_a_face_is_counted(fc: Facecraft, astronaut: RGBImage) -> None:
    everything = (slice(None), slice(None))
    pictures = (np.full_like(astronaut, 128), astronaut)
    portraits = [Sample(number, picture, everything) for number, picture in enumerate(pictures)]
    (damaged, none), rows = compare(fc, portraits, CLEAN, [parse_strategy("restorer=none")])
    assert [each.face for each in none] == [False, True]
    assert line(CLEAN, "restorer=none", none, damaged).split(" | ")[-3:-1] == ["2", "1"]
    assert [len(row.tiles) for row in rows] == [3, 3]


def test_a_strategy_that_changes_the_size_is_refused(fc: Facecraft, astronaut: RGBImage) -> None:
    portraits = [Sample(0, astronaut, (slice(None), slice(None)))]
    with pytest.raises(SystemExit, match="changes the size"):
        compare(fc, portraits, CLEAN, [parse_strategy("restorer=none,width=64")])


def test_a_folder_of_portraits_becomes_a_table_and_a_sheet(
    astronaut: RGBImage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(astronaut).save(tmp_path / "000.jpg")
    Image.new("RGB", (64, 64)).save(tmp_path / "001.jpg")
    strategies = ["--strategies", "restorer=none", "opencv"]
    choices = ["--numbers", "0", "9", "--side", "256", "--damages", "blur 2"]
    main([str(tmp_path), *choices, *strategies, "--sheet", str(tmp_path / "sheet.png")])
    text = capsys.readouterr().out
    assert "001 is left out" in text
    assert re.findall(r"\| blur 2 \| (\S+) \|", text) == ["damaged", "restorer=none", "opencv"]
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 4 * WIDTH_PX
        assert sheet.height > HEIGHT_PX


def test_the_sheet_shows_each_picture_in_its_place() -> None:
    colours = ((200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0))
    tiles = [Tile(np.full((41, 32, 3), colour, np.uint8), "") for colour in colours]
    sheet = draw([Row("first", tuple(tiles[:2])), Row("second", tuple(tiles[2:]))], ("left", "right"))
    middles = [(x, y) for y in (0.25, 0.75) for x in (0.25, 0.75)]
    shown = [sheet.getpixel((int(x * sheet.width), int(y * sheet.height))) for x, y in middles]
    assert shown == list(colours)
