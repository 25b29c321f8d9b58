"""PNG files that name a colour space, and what is right, computed from published numbers."""

import struct

import numpy as np
from numpy.typing import NDArray

from facecraft.types import RGBImage
from tests.imaging.files import chunk, png_by_hand

Light = NDArray[np.float64]

# The sample code of CSS, level 4: from linear light to CIE XYZ, and from that to linear sRGB.
XYZ_OF = {
    "p3": [
        [0.4865709486, 0.2656676932, 0.1982172852],
        [0.2289745641, 0.6917385218, 0.0792869141],
        [0.0, 0.0451133819, 1.0439443689],
    ],
    "adobe": [
        [0.5766690429, 0.1855582379, 0.1882286462],
        [0.2973449753, 0.6273635663, 0.0752914585],
        [0.0270313614, 0.0706888525, 0.9913375368],
    ],
    "rec2020": [
        [0.6369580483, 0.1446169036, 0.1688809752],
        [0.262700212, 0.6779980715, 0.0593017165],
        [0.0, 0.028072693, 1.0609850577],
    ],
}
SRGB_OF_XYZ = [
    [3.2409699419, -1.5373831776, -0.4986107603],
    [-0.9692436363, 1.8759675015, 0.0415550574],
    [0.0556300797, -0.2039769589, 1.0569715142],
]
D65 = (31270, 32900)
CHRM = {
    "srgb": (*D65, 64000, 33000, 30000, 60000, 15000, 6000),
    "p3": (*D65, 68000, 32000, 26500, 69000, 15000, 6000),
    "adobe": (*D65, 64000, 33000, 21000, 71000, 15000, 6000),
}


def gamma(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def chrm(values: tuple[int, ...]) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *values))


def cicp(*code: int) -> bytes:
    return chunk(b"cICP", bytes(code))


def srgb_levels(light: Light) -> Light:
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255


def srgb_light(value: Light) -> Light:
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def through(space: str, light: Light) -> Light:
    """Levels of sRGB, (H, W, 3), of linear light in a space."""
    return srgb_levels(light @ (np.array(SRGB_OF_XYZ) @ XYZ_OF[space]).T)


def shot(depth: int = 8) -> NDArray[np.uint16]:
    """12 x 40 colours from dark to light, (H, W, 3), of that many bits."""
    return np.random.default_rng(7).integers(0, 2**depth, (12, 40, 3)).astype(np.uint16)


def png_of(values: NDArray[np.uint16], depth: int, colour: int, *chunks: bytes) -> bytes:
    """A PNG of these values, (H, W) or (H, W, channels)."""
    height, width = values.shape[:2]
    rows = values.reshape(height, -1).astype(">u2" if depth == 16 else "u1")
    return png_by_hand(width, height, depth, colour, b"".join(b"\0" + row.tobytes() for row in rows), *chunks)


def far(rgb: RGBImage, right: Light) -> float:
    """The largest difference, in levels."""
    return float(abs(rgb.astype(float) - right).max())
