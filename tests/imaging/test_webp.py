"""WebP files with transparency that does not compress."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from facecraft.imaging import provenance, webp
from facecraft.imaging.encoders import Encoding, encode_jpeg, encode_png, encode_webp, largest_bytes
from facecraft.imaging.metadata import Metadata
from facecraft.imaging.picture import Picture

ROWS, COLUMNS = 2100, 1999
ENCODERS = [encode_jpeg, encode_png, encode_webp]


def random(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def noise() -> Picture:
    return Picture(random(ROWS, COLUMNS, 3), random(ROWS, COLUMNS))


@pytest.mark.parametrize("dpi", [None, 300])
def test_noise_for_transparency_comes_back_to_the_last_bit(noise: Picture, dpi: int | None) -> None:
    file = encode_webp(noise, Encoding(dpi=dpi))
    opaque = encode_webp(Picture(noise.rgb), Encoding(dpi=dpi))
    with Image.open(io.BytesIO(file)) as image, Image.open(io.BytesIO(opaque)) as colours:
        assert (image.mode, image.size) == ("RGBA", (COLUMNS, ROWS))
        assert dict(image.getexif()) == dict(colours.getexif())
        pixels = np.asarray(image)
        assert np.array_equal(pixels[..., 3], noise.alpha)  # type: ignore[arg-type]
        assert np.array_equal(pixels[..., :3], np.asarray(colours))


def test_metadata_stays_beside_noise_for_transparency(noise: Picture) -> None:
    # A date without a time is in XMP alone.
    told = Metadata(taken="1923-05", title="Board")
    assert provenance.read(encode_webp(noise, Encoding(metadata=told))) == told


def test_only_large_noise_is_costly() -> None:
    plain = np.tile(np.linspace(0, 255, COLUMNS).astype(np.uint8), (ROWS, 1))
    assert not webp.is_costly(plain)
    assert not webp.is_costly(random(500, 500))
    assert webp.is_costly(random(ROWS, COLUMNS))


@pytest.mark.parametrize("encode", ENCODERS, ids=lambda encode: encode.__name__)
@pytest.mark.parametrize("extreme", [False, True], ids=["noise", "black and white noise"])
@pytest.mark.parametrize("transparent", [False, True], ids=["opaque", "transparent"])
def test_no_file_is_larger_than_the_largest(encode: object, extreme: bool, transparent: bool) -> None:
    rgb = (random(400, 300, 3) >> 7) * 255 if extreme else random(400, 300, 3)
    picture = Picture(rgb.astype(np.uint8), random(400, 300) if transparent else None)
    assert callable(encode)
    assert len(encode(picture, Encoding(quality=100))) < largest_bytes(300, 400)
