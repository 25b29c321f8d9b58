"""Colour spaces that a PNG names without a profile, and the way from them to sRGB.

Sources: PNG specification, third edition, 4.3 and 11.3.2; ITU-T H.273, tables 2 and 3. Where the standards
leave a choice, it is that of Chromium (Skia), which shows most of such pictures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.types import RGBImage

Values: TypeAlias = NDArray[np.float64]
Transfer: TypeAlias = Callable[[Values], Values]
"""From coded values, 0 to 1, to light, where 1 is white."""
Rows: TypeAlias = Callable[[int, int], NDArray[np.uint8]]
"""(rows, W, 3) uint8, between two rows of a picture."""
Chromaticities: TypeAlias = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue."""

D65 = (0.3127, 0.329)
SRGB_PRIMARIES: Chromaticities = (*D65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
PRIMARIES: Mapping[int, Chromaticities] = {
    1: SRGB_PRIMARIES,
    4: (0.31, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*D65, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06),
    6: (*D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    7: (*D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    9: (*D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: (*D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    22: (*D65, 0.63, 0.34, 0.295, 0.605, 0.155, 0.077),
}
"""By their number in H.273; 9 is BT.2020, 12 Display P3."""
SAME = 0.0011
"""Chromaticities that differ by less are the same: writers round them to three digits."""
SAME_GAMMA = 0.05
"""A gamma that is this near to 1 / 2.2 stands for sRGB: libpng's threshold."""
HDR_WHITE_NITS = 203
"""The light of white paper in a picture with highlights, ITU-R BT.2408. It becomes white; what is brighter is
clipped to white."""
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
STRIP_PIXELS = 1_000_000


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """What the values of a picture mean.

    Attributes:
        transfer: None for that of sRGB.
        primaries: None for those of sRGB.
        narrow: whether black is 16 and white 235, as in video.
    """

    transfer: Transfer | None = None
    primaries: Chromaticities | None = None
    narrow: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is sRGB."""
        return self == ColourSpace()

    @property
    def of_grey(self) -> "ColourSpace":
        """The same for a picture without colours: grey stays grey, whatever the primaries are."""
        return replace(self, primaries=None)


def space_of(info: Mapping[Any, Any], code: bytes | None = None) -> ColourSpace | None:
    """The colour space of a PNG: by cICP, else by its profile, sRGB, or gAMA and cHRM, whichever is there.

    Args:
        info: what Pillow knows of the picture.
        code: content of the chunk cICP; None without one.

    Returns:
        None if its profile says it.
    """
    coded = None if code is None else _coded(code)
    if coded is not None:
        return coded
    if info.get("icc_profile"):
        return None
    if "srgb" in info:
        return ColourSpace()
    return _measured(info.get("gamma", 0), info.get("chromaticity"))


def convert(rgb: RGBImage, space: ColourSpace, low: Rows | None = None) -> None:
    """Convert pixels to sRGB, in place. Colours that sRGB does not have become the nearest in each channel.

    Args:
        rgb: (H, W, 3) uint8.
        space: of the pixels.
        low: the low bytes of a picture with 16 bits, whose high bytes `rgb` has.
    """
    light = _light(space, 8 if low is None else 16)
    matrix = None if space.primaries is None else _matrix(space.primaries)
    levels = _encoded(light)
    rows = max(1, STRIP_PIXELS // rgb.shape[1])
    for top in range(0, len(rgb), rows):
        strip = rgb[top : top + rows]
        codes = strip if low is None else strip.astype(np.uint16) << 8 | low(top, top + len(strip))
        strip[:] = levels[codes] if matrix is None else _encoded(cv2.transform(light[codes], matrix))


def _coded(code: bytes) -> ColourSpace | None:
    """By cICP: primaries, transfer, 0 for RGB, and whether the range is full; None if that is unknown."""
    if len(code) != 4 or code[0] not in PRIMARIES or code[1] not in TRANSFERS or code[2] or code[3] > 1:
        return None
    return ColourSpace(TRANSFERS[code[1]], _unless_srgb(PRIMARIES[code[0]]), narrow=not code[3])


def _measured(gamma: float, chromaticities: Chromaticities | None) -> ColourSpace:
    """By gAMA, the exponent of the writer, and cHRM; values that cannot be count as none."""
    primaries = None if chromaticities is None else _unless_srgb(chromaticities)
    if primaries is not None and not _valid(primaries):
        primaries = None
    if not 0.001 < gamma < 1000 or (primaries is None and abs(gamma * 2.2 - 1) <= SAME_GAMMA):
        return ColourSpace(None, primaries)
    return ColourSpace(_Power(1 / gamma), primaries)


def _unless_srgb(primaries: Chromaticities) -> Chromaticities | None:
    near = all(abs(a - b) < SAME for a, b in zip(primaries, SRGB_PRIMARIES, strict=True))
    return None if near else primaries


def _valid(primaries: Chromaticities) -> bool:
    if not all(0 <= each <= 1 for each in primaries) or primaries[1] < 0.01:
        return False
    x, y = np.reshape(primaries[2:], (3, 2)).T
    area = abs((x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])) / 2
    return bool(area > 0.01)  # that of sRGB is 0.11


def _light(space: ColourSpace, bits: int) -> NDArray[np.float32]:
    """The light of each coded value, 0 to 1; (2 ** bits,) float32."""
    codes = np.arange(2**bits, dtype=np.float64)
    values = (codes / 2 ** (bits - 8) - 16) / 219 if space.narrow else codes / (2**bits - 1)
    transfer = _srgb if space.transfer is None else space.transfer
    return transfer(values.clip(0, 1)).clip(0, 1).astype(np.float32)


def _encoded(light: NDArray[Any]) -> NDArray[np.uint8]:
    """The levels of sRGB, 0 to 255, of light."""
    return _levels()[(light.clip(0, 1) * 65535 + 0.5).astype(np.uint16)]


@lru_cache(maxsize=1)
def _levels() -> NDArray[np.uint8]:
    """The level of each of 65536 steps of light; one is at most a twentieth of a level."""
    light = np.arange(65536) / 65535
    values = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (values * 255 + 0.5).astype(np.uint8)


def _matrix(primaries: Chromaticities) -> NDArray[np.float32]:
    """(3, 3) float32, from linear light in these primaries to that of sRGB; white becomes white."""
    source, target = _to_xyz(primaries), _to_xyz(SRGB_PRIMARIES)
    cones = BRADFORD @ np.stack([source.sum(axis=1), target.sum(axis=1)], axis=1)
    adaptation = np.linalg.inv(BRADFORD) @ np.diag(cones[:, 1] / cones[:, 0]) @ BRADFORD
    return np.asarray(np.linalg.inv(target) @ adaptation @ source, np.float32)


def _to_xyz(primaries: Chromaticities) -> Values:
    """(3, 3) float64, from linear light to CIE XYZ."""
    x, y = np.reshape(primaries, (4, 2)).T
    columns = np.stack([x, y, 1 - x - y])
    white = columns[:, 0] / y[0]
    return columns[:, 1:] * np.linalg.solve(columns[:, 1:], white)


@dataclass(frozen=True, slots=True)
class _Power:
    """The light is the value to this power."""

    exponent: float

    def __call__(self, values: Values) -> Values:
        return np.asarray(values**self.exponent)


def _srgb(values: Values) -> Values:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _smpte_240(values: Values) -> Values:
    return np.where(values < 0.0913, values / 4, ((values + 0.1115) / 1.1115) ** (1 / 0.45))


def _pq(values: Values) -> Values:
    """SMPTE ST 2084: up to 10 000 cd/m2."""
    root = values ** (1 / 78.84375)
    light = ((root - 0.8359375).clip(0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    return np.asarray(light * 10_000 / HDR_WHITE_NITS)


def _hlg(values: Values) -> Values:
    """ARIB STD-B67 on a screen of 1000 cd/m2, each channel on its own: 75 % is white."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
    return np.asarray(scene**1.2 * 1000 / HDR_WHITE_NITS)


TRANSFERS: Mapping[int, Transfer | None] = {
    **dict.fromkeys((1, 6, 11, 14, 15), _Power(2.4)),  # a screen for video, ITU-R BT.1886
    4: _Power(2.2),
    5: _Power(2.8),
    7: _smpte_240,
    8: _Power(1.0),
    13: None,
    16: _pq,
    18: _hlg,
}
"""By their number in H.273; 1 is BT.709, 13 sRGB, 14 and 15 BT.2020, 16 PQ, 18 HLG."""
