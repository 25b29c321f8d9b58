"""What is there of a damaged PNG, where damaged files are taken."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from facecraft.errors import ImageTooLarge, UndecodableImage
from facecraft.imaging import codec, mending
from facecraft.imaging.limits import Terms
from facecraft.imaging.picture import Picture
from facecraft.types import RGBImage, Source
from tests.imaging.files import LIMITS, chunk, saved
from tests.imaging.test_png import EXIF, SIGNATURE, TEXT, made


def taken(data: bytes) -> tuple[Picture, Source]:
    return codec.decode(data, LIMITS, Terms(damaged=True))


def changed(data: bytes, kind: bytes, last: bool = False) -> bytes:
    """The file with a bit turned in a chunk of this kind, the first or the last."""
    at = (data.rindex if last else data.index)(kind)
    return data[: at + 5] + bytes([data[at + 5] ^ 1]) + data[at + 6 :]


def test_a_whole_file_stays_as_it_is(astronaut: RGBImage) -> None:
    data = saved(Image.fromarray(astronaut), "PNG")
    assert mending.whole(data, 10**6, damaged=True) == (data, 1.0)
    assert taken(data)[1].share == 1


@pytest.mark.parametrize("part", [0.02, 0.5, 0.97])
def test_the_rows_of_a_cut_file_are_there_and_the_others_black(part: float, astronaut: RGBImage) -> None:
    data = saved(Image.fromarray(astronaut), "PNG")
    picture, source = taken(data[: int(part * len(data))])
    rows = int(source.share * 512)
    assert 0 < rows < 512
    assert source.share == pytest.approx(part, abs=0.05)
    assert (picture.rgb[:rows] == astronaut[:rows]).all()
    assert (picture.rgb[rows + 1 :] == 0).all()


def test_of_a_changed_file_is_there_what_comes_before(astronaut: RGBImage) -> None:
    data = saved(Image.fromarray(astronaut), "PNG")
    assert data.count(b"IDAT") > 3
    picture, source = taken(changed(data, b"IDAT", last=True))
    rows = int(source.share * 512)
    assert 300 < rows < 512
    assert (picture.rgb[:rows] == astronaut[:rows]).all()
    with pytest.raises(UndecodableImage, match="none of its pixels"):
        taken(changed(data, b"IDAT"))


def test_a_changed_length_is_told_from_a_cut(astronaut: RGBImage) -> None:
    data = bytearray(saved(Image.fromarray(astronaut), "PNG"))
    data[data.rindex(b"IDAT") - 2] ^= 1 << 6  # 16 kB more than are left
    picture, source = taken(bytes(data))
    rows = int(source.share * 512)
    assert 300 < rows < 512
    assert (picture.rgb[:rows] == astronaut[:rows]).all()


@pytest.mark.parametrize("kind", [b"tEXt", b"eXIf", b"IEND"])
def test_a_broken_chunk_beside_the_pixels_is_left_out_and_told(kind: bytes) -> None:
    data = made(33, 20, 8, 2, before=TEXT, after=EXIF)
    right, _ = taken(data)
    picture, source = taken(changed(data[:-4] + b"\xae\x42\x60\x82" + bytes(9), kind))
    assert source.share == mending.NEARLY
    if kind == b"eXIf":
        assert picture.rgb.shape == (20, 33, 3)  # its turn is lost
    else:
        assert (picture.rgb == right.rgb).all()


def test_interlaced_palettes_and_transparency_are_mended() -> None:
    for depth, colour in ((1, 0), (4, 3), (16, 6)):
        data = made(33, 40, depth, colour, laced=True, piece=50)
        picture, source = taken(data[: len(data) * 3 // 4])
        assert picture.rgb.shape == (40, 33, 3)
        assert 0.3 < source.share < 0.95


def test_a_wrong_checksum_of_the_stream_is_told() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 100, 8, 0, 0, 0, 0))
    stream = zlib.compress(bytes(11) * 100)[:-1] + b"\xff"
    _, source = taken(SIGNATURE + header + chunk(b"IDAT", stream) + chunk(b"IEND", b""))
    assert source.share == mending.NEARLY


def test_a_file_without_its_header_or_palette_cannot_be_mended() -> None:
    for data in (
        changed(made(33, 20, 8, 3), b"IHDR"),
        changed(made(33, 20, 8, 3), b"PLTE"),
        SIGNATURE,
        SIGNATURE + chunk(b"IDAT", zlib.compress(bytes(9))),
    ):
        with pytest.raises(UndecodableImage):
            taken(data)


def test_a_damaged_picture_over_the_limit_is_told_as_too_large() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0))
    with pytest.raises(ImageTooLarge):
        taken(SIGNATURE + header + chunk(b"IDAT", b"x")[:-1])


def test_noise_is_taken_or_refused(astronaut: RGBImage) -> None:
    data = saved(Image.fromarray(astronaut[:64, :64]), "PNG")
    random = np.random.default_rng(8)
    for _ in range(200):
        broken = bytearray(data)
        for place in random.integers(8, len(data), 5):
            broken[place] = random.integers(0, 256)
        try:
            _, source = taken(bytes(broken))
        except (UndecodableImage, ImageTooLarge):
            continue
        assert source.share < 1
