"""How much of a JPEG is there: whole files of many encoders, and files that lack something."""

import io
import itertools
import re
import struct
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from PIL import Image

from facecraft.errors import UndecodableImage
from facecraft.imaging import codec, jpeg, scans
from facecraft.imaging.limits import Terms, percent
from facecraft.types import RGBImage
from tests.imaging.files import LIMITS, saved

ACCEPT = Terms(damaged=True)
KINDS: dict[str, dict[str, object]] = {
    "baseline": {"quality": 85},
    "progressive": {"quality": 85, "progressive": True},
    "restarts": {"quality": 85, "restart_marker_rows": 1},
    "progressive with restarts": {"quality": 85, "progressive": True, "restart_marker_blocks": 20},
}
"""By name, what is asked of Pillow's encoder."""
END = b"\xff\xd9"


@pytest.fixture(scope="module")
def photo(astronaut: RGBImage) -> Image.Image:
    return Image.fromarray(astronaut).resize((200, 200))


def by_pillow(photo: Image.Image) -> Iterator[bytes]:
    """Small pictures of every size of blocks, mode, sampling, coding and quality."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (57, 75, 3), np.uint8))
    sizes = [(1, 1), (7, 9), (8, 8), (16, 16), (17, 33), (31, 15), (64, 48), (75, 57)]
    pictures = [*(photo.resize(size) for size in sizes), noise, Image.new("RGB", (40, 24), "teal")]
    codings: list[dict[str, object]] = [
        {},
        {"optimize": True},
        {"progressive": True},
        {"restart_marker_rows": 1},
        {"restart_marker_blocks": 1},
        {"progressive": True, "restart_marker_blocks": 3},
    ]
    for picture, mode, coding in itertools.product(pictures, ("RGB", "L", "CMYK"), codings):
        for sampling in (0, 2) if mode == "RGB" else (0,):
            yield saved(picture.convert(mode), "JPEG", quality=80, subsampling=sampling, **coding)


def by_opencv(photo: Image.Image) -> Iterator[bytes]:
    pixels = np.asarray(photo)[:60, :91, ::-1]
    names = ("IMWRITE_JPEG_QUALITY", "IMWRITE_JPEG_PROGRESSIVE", "IMWRITE_JPEG_OPTIMIZE")
    flags = [*(getattr(cv2, name) for name in names), cv2.IMWRITE_JPEG_RST_INTERVAL]
    for values in itertools.product((10, 60, 100), (0, 1), (0, 1), (0, 1, 5)):
        pairs = itertools.chain(*zip(flags, values, strict=True))
        yield cv2.imencode(".jpg", pixels, list(pairs))[1].tobytes()


def with_harmless_ends(whole: bytes) -> dict[str, bytes]:
    """The file with what cameras, phones and programs leave at its end."""
    end = whole.rindex(END)
    return {
        "without an end marker": whole[:end],
        "padded before it": whole[:end] + b"\xff" * 16 + whole[end:],
        "zeros before it": whole[:end] + bytes(100) + whole[end:],
        "zeros behind it": whole + bytes(1000),
        "a film behind it": whole + b"\0\0\0\x18ftypmp42" + np.random.default_rng(1).bytes(3000),
        "another picture behind it": whole + whole,
    }


def test_whole_files_of_every_kind_are_taken_with_the_pixels_that_pillow_sees(photo: Image.Image) -> None:
    files = [*by_pillow(photo), *by_opencv(photo)]
    assert len(files) > 270
    for data in files:
        picture, source = codec.decode(data, LIMITS)
        assert source.share == 1
        with Image.open(io.BytesIO(data)) as image:
            if image.mode != "CMYK":
                np.testing.assert_array_equal(picture.rgb, image.convert("RGB"))


@pytest.mark.parametrize("kind", KINDS)
def test_harmless_ends_are_no_damage(kind: str, photo: Image.Image, astronaut: RGBImage) -> None:
    files = [saved(photo, "JPEG", **KINDS[kind])]
    files += [saved(photo.resize((side, side)), "JPEG", **KINDS[kind]) for side in (8, 33, 64, 90, 121)]
    for data in files:
        expected = codec.decode(data, LIMITS)[0].rgb
        for name, changed in with_harmless_ends(data).items():
            picture, source = codec.decode(changed, LIMITS)
            assert source.share == 1, name
            np.testing.assert_array_equal(picture.rgb, expected, err_msg=name)


@pytest.mark.parametrize("ending", [b"", END], ids=["cut", "cut, and ended"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_anywhere_is_told(kind: str, ending: bytes, photo: Image.Image) -> None:
    data = saved(photo, "JPEG", **KINDS[kind])
    structure = jpeg.read(data, 100)
    first, last = structure.scans[0].start, structure.scans[-1].end
    # A decoder reads ahead as many bits as one or two of the last blocks may take.
    details = []
    for at in (*range(first, last - 20, 131), *range(last - 60, last - 20)):
        with pytest.raises(UndecodableImage) as caught:
            codec.decode(data[:at] + ending, LIMITS)
        details.append(caught.value.detail)
    # Between two scans the end marker may become a part of a table, which cannot be read then.
    told = [each for each in details if re.search(r"damaged: \d+ % of the photo is there", each)]
    assert len(told) >= len(details) - 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_share_grows_with_what_is_there(kind: str, photo: Image.Image) -> None:
    data = saved(photo, "JPEG", **KINDS[kind])
    structure = jpeg.read(data, 100)
    first, last = structure.scans[0].start, structure.scans[-1].end
    shares = []
    for part in (0.2, 0.4, 0.6, 0.8, 0.95):
        cut = data[: round(first + part * (last - first))]
        shares.append(codec.decode(cut, LIMITS, ACCEPT)[1].share)
    assert shares == sorted(shares)
    assert abs(shares[2] - 0.6) < 0.15
    assert 0.8 < shares[-1] < 1


def test_the_share_of_a_cut_picture_is_that_of_its_rows(photo: Image.Image) -> None:
    data = saved(photo, "JPEG", quality=85)
    scan = jpeg.read(data, 100).scans[0]
    whole = codec.decode(data, LIMITS)[0].rgb
    for at in range(scan.start + 900, scan.end - 300, 900):
        picture, source = codec.decode(data[:at], LIMITS, ACCEPT)
        rows = (picture.rgb == whole).all(axis=(1, 2)).argmin() / 200
        assert abs(source.share - rows) < 0.1


def test_what_is_missing_is_grey_and_the_rest_is_as_it_was(photo: Image.Image) -> None:
    data = saved(photo, "JPEG", quality=85)
    picture, source = codec.decode(data[: len(data) // 2], LIMITS, ACCEPT)
    whole = codec.decode(data, LIMITS)[0].rgb
    assert (source.width, source.height) == (200, 200)
    np.testing.assert_array_equal(picture.rgb[:64], whole[:64])
    assert np.ptp(picture.rgb[-40:].astype(int), axis=2).max() == 0
    assert picture.rgb[-40:].min() == picture.rgb[-40:].max()


def test_a_progressive_file_without_its_last_scans_is_not_whole(photo: Image.Image) -> None:
    data = saved(photo, "JPEG", progressive=True)
    found = jpeg.read(data, 100).scans
    shares = []
    for scan in found[:-1]:
        unfinished = data[: scan.end] + END
        with pytest.raises(UndecodableImage, match="is damaged"):
            codec.decode(unfinished, LIMITS)
        picture, source = codec.decode(unfinished, LIMITS, ACCEPT)
        assert picture.rgb.shape == (200, 200, 3)
        shares.append(source.share)
    assert len(found) == 10
    assert shares == sorted(shares)
    assert shares[0] < 0.05
    assert 0.5 < shares[-1] < 0.8


@pytest.mark.parametrize("kind", ["baseline", "restarts", "progressive with restarts"])
def test_lost_bytes_are_noticed(kind: str, photo: Image.Image) -> None:
    # 512 bytes are a sector of a disk; the file goes on behind them.
    data = saved(photo, "JPEG", **KINDS[kind])
    structure = jpeg.read(data, 100)
    largest = max(structure.scans, key=lambda scan: scan.end - scan.start)
    for at in range(largest.start, largest.end - 700, 373):
        with pytest.raises(UndecodableImage):
            codec.decode(data[:at] + data[at + 512 :], LIMITS)


def test_a_lost_piece_between_restart_markers_is_told_by_their_number(photo: Image.Image) -> None:
    data = saved(photo, "JPEG", quality=85, restart_marker_rows=1)
    second, third = data.index(b"\xff\xd0"), data.index(b"\xff\xd1")
    with pytest.raises(UndecodableImage, match="92 % of the photo"):
        codec.decode(data[:second] + data[third:], LIMITS)


@pytest.mark.parametrize("kind", ["restarts", "progressive with restarts"])
def test_a_file_with_too_many_restart_markers_is_looked_at_as_a_whole(
    kind: str, photo: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scans, "MOST_PIECES", 4)
    data = saved(photo, "JPEG", **KINDS[kind])
    assert codec.decode(data, LIMITS)[1].share == 1
    with pytest.raises(UndecodableImage, match="is damaged"):
        codec.decode(data[: len(data) // 2], LIMITS)


def test_a_damaged_photo_is_never_told_to_be_whole(photo: Image.Image) -> None:
    # All but a few of 2000 units.
    tall = np.tile(np.asarray(photo)[:, :16], (160, 1, 1))
    data = saved(Image.fromarray(tall), "JPEG")
    scan = jpeg.read(data, 100).scans[0]
    for lost in (30, 40, 50):
        _, source = codec.decode(data[: scan.end - lost], LIMITS, ACCEPT)
        assert 0.99 < source.share <= scans.MOST_DAMAGED
    assert percent(scans.MOST_DAMAGED) == "99 %"
    assert round(scans.MOST_DAMAGED, 4) < 1, "the rule photo_whole would pass"


@pytest.mark.parametrize("terms", [Terms(), ACCEPT], ids=["refuse", "accept"])
@pytest.mark.parametrize("size", [2, 20, 300])
def test_a_file_that_ends_before_its_pixels_is_refused_either_way(
    size: int, terms: Terms, photo: Image.Image
) -> None:
    with pytest.raises(UndecodableImage):
        codec.decode(b"\xff\xd8\xff" + saved(photo, "JPEG")[3:size], LIMITS, terms)


def arithmetic() -> bytes:
    """A grey JPEG of 8 x 8 pixels in arithmetic coding. All of its data may be left out."""
    table = b"\xff\xdb" + struct.pack(">HB", 67, 0) + bytes([1] * 64)
    frame = b"\xff\xc9" + struct.pack(">HBHHB", 11, 8, 8, 8, 1) + b"\x01\x11\x00"
    scan = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x00\x3f\x00"
    return b"\xff\xd8" + table + frame + scan + END


def test_arithmetic_coding_is_read_and_is_broken_without_its_end() -> None:
    picture, source = codec.decode(arithmetic(), LIMITS)
    assert (picture.rgb == 128).all()
    assert source.share == 1
    for terms in (Terms(), ACCEPT):
        with pytest.raises(UndecodableImage):
            codec.decode(arithmetic()[:-2], LIMITS, terms)
