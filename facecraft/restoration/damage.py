"""Measure how damaged a photo is: real detail and noise at a face, and how much its JPEG compression took.

The thresholds were chosen on 240 official portraits, as they are and with known damages.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from facecraft.imaging import geometry
from facecraft.types import Damage, Face, RGBImage, Source

GOOD_DETAIL = 70.0
GOOD_SHARE = 0.7
"""Of the cycles that the face's pixels can show; so a small sharp face is good, too."""
GOOD_NOISE = 4.5
GOOD_JPEG_QUALITY = 70
GOOD_RESIDUE = 1.4
"""Levels that cleaning changes a face: 1.9 or more in nine of ten portraits with JPEG of quality 25, and at
most 0.4 in nine of ten good ones at 640 px."""
LOW_DETAIL = 45.0
"""Below it, a face is too small or too blurred for its features to be in the picture."""

EYES_PX_A_CYCLE = 0.49
"""Distance between the eyes, in pixels, at which a cycle a side of the aligned square takes two pixels."""

SIDE_PX = 384  # of the aligned square; it shows up to 192 cycles
REFERENCE = (8.0, 16.0)  # cycles a side; every photo of a face has these
BANDS = np.array([8 * 2 ** (step / 2) for step in range(10)])  # cycles a side, half octaves up to 181
FAINT = 0.035  # share of the reference's amplitude; less is noise or nothing

ENLARGED = 4.5
"""Times that the pixels of a face are finer than its detail; then it was enlarged, or is badly blurred."""
COARSE = 1.3
"""Times that the noise grows in a small copy of an enlarged photo, at least. It was 1.42 to 2.98 in 23 such
photos, and 0.58 to 1.23 in blurred ones, whose noise is finer than the blur."""
NOTHING_LOST = 1.0
"""Levels that an enlarged photo changes on average if it is scaled down and up again; 0.2 to 0.5 in 23 such
photos, 1.8 and more in sharp ones."""
CLEANED_FINER = 3.0
"""Times that the pixels are finer than the detail where an enlarged photo is cleaned; more is not trained."""

PROBE_PX = 256  # side of the part that is cleaned on trial

AROUND_PX = 160  # at least, on each side of a face: the skin of a small one is all texture
BLOCK_PX = 8
BLOCKS_QUIET = 10  # per cent; noise is everywhere, and texture is not
FLAT = 0.03  # blocks below it, in levels, were painted or rounded away by a codec
EXPOSED = (16, 239)  # mean luma of a block; darker and brighter ones clip the noise
NOISE_SCALE = 3.65  # from the estimate on the halved luma to levels of a channel of the photo
LAPLACIAN = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def is_good(damage: Damage) -> bool:
    """Whether there is nothing to restore."""
    return sharpness(damage.detail, damage.square_px) >= 1 and is_clean(damage.noise, damage.jpeg_quality)


def sharpness(cycles: float, square_px: float) -> float:
    """The detail of a face over that of a good photo with as many pixels; from 1 on it is good.

    Args:
        cycles: finest detail that is really there, in cycles a side of the aligned square.
        square_px: side of that square in the picture.
    """
    return cycles / min(GOOD_DETAIL, GOOD_SHARE * square_px / 2)


def detailed_eyes_px(eyes_px: float, found: Damage) -> float:
    """The distance between the eyes in a photo, as far as there is detail for its pixels.

    Pixels count where the detail is good: it ends in a good photo, too, where skin has no more. A photo that
    was enlarged, or is blurred, would have its detail with the eyes no farther apart than EYES_PX_A_CYCLE.

    Args:
        eyes_px: distance between the eyes, in the photo's pixels.
        found: the damage at the face.
    """
    if sharpness(found.detail, found.square_px) >= 1:
        return eyes_px
    return min(eyes_px, EYES_PX_A_CYCLE * found.detail)


def is_clean(noise_levels: float, jpeg_quality: int | None) -> bool:
    """Whether neither noise nor compression is worth removing."""
    return noise_levels < GOOD_NOISE and (jpeg_quality is None or jpeg_quality >= GOOD_JPEG_QUALITY)


def measure(rgb: RGBImage, face: Face, source: Source, *, grey: bool) -> Damage:
    """Measure the damage at a face.

    Args:
        rgb: (H, W, 3) uint8, the photo.
        face: in its pixels.
        source: its file.
        grey: whether it has no colours.
    """
    square_px = geometry.align(face, SIDE_PX).source_px
    return Damage(detail(rgb, face), noise(rgb, face), square_px, source.jpeg_quality, grey)


def residue(part: RGBImage, cleaned: RGBImage) -> float:
    """The mean absolute difference of two pictures, in levels."""
    return float(cv2.absdiff(part, cleaned).mean())


def enlargement(rgb: RGBImage, face: Face, found: Damage) -> float:
    """Measure by how much an enlarged photo is scaled down, so that its damage has the size of pixels again.

    In an enlarged photo noise and artefacts are larger than pixels, and look like detail.

    Args:
        rgb: (H, W, 3) uint8, the photo.
        face: in its pixels.
        found: the damage at the face.

    Returns:
        1 for a photo that was not enlarged, or not much; else 1.5 or more.
    """
    finer = found.square_px / (2 * found.detail)
    if finer < ENLARGED or found.detail >= GOOD_DETAIL:
        return 1.0
    part, factor = _around(rgb, face), finer / CLEANED_FINER
    size = part.shape[1::-1]
    coarse = noise(geometry.shrink(part, 2 * max(size) / finer), None) > COARSE * noise(part, None)
    again = cv2.resize(geometry.shrink(part, max(size) / factor), size, interpolation=cv2.INTER_CUBIC)
    return factor if coarse and residue(part, np.asarray(again, np.uint8)) < NOTHING_LOST else 1.0


def detail(rgb: RGBImage, face: Face) -> float:
    """Measure the finest detail that is really there, in cycles a side of the aligned square.

    It is the frequency at which the amplitude of the luma falls under 3.5 % of that of coarse detail. A face
    whose square is N px wide in the photo has at most N / 2.

    Args:
        rgb: (H, W, 3) uint8.
        face: in the pixels of `rgb`.

    Returns:
        8 to 181.
    """
    square = geometry.crop(rgb, geometry.align(face, SIDE_PX)).image
    luma = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32)
    window = _window()
    spectrum = cv2.dft((luma - luma.mean()) * window, flags=cv2.DFT_COMPLEX_OUTPUT)
    amplitudes = cv2.magnitude(spectrum[:, : SIDE_PX // 2, 0], spectrum[:, : SIDE_PX // 2, 1])
    bands, sizes = _bands()
    sums = np.bincount(bands.ravel(), amplitudes.ravel(), minlength=len(BANDS) + 1)[1 : len(BANDS)]
    means = sums / sizes
    reference = sums[:2].sum() / sizes[:2].sum()
    return _crossing(means / max(float(reference), 1e-6))


def _crossing(shares: NDArray[np.float64]) -> float:
    """The frequency at which the amplitudes cross FAINT, interpolated between the bands' middles."""
    middles = np.sqrt(BANDS[:-1] * BANDS[1:])
    faint = np.flatnonzero(shares < FAINT)
    if not len(faint):
        return float(BANDS[-1])
    first = int(faint[0])
    if first == 0:
        return float(BANDS[0])
    before, after = np.log(np.maximum(shares[first - 1 : first + 1], 1e-9))
    step = (before - np.log(FAINT)) / (before - after)
    return float(middles[first - 1] * (middles[first] / middles[first - 1]) ** step)


def noise(rgb: RGBImage, face: Face | None) -> float:
    """Measure the noise, as the standard deviation of independent noise in each channel, in levels.

    Immerkær's filter (1996) on the luma at half size, because the smoothing of a JPEG hides noise at full
    size; then its low percentile over blocks, because the filter sees texture too.

    Args:
        rgb: (H, W, 3) uint8.
        face: the noise is measured around it; None means the whole photo.

    Returns:
        0 for a picture without a block of 8 px at half size.
    """
    part = rgb if face is None else _around(rgb, face)
    if min(part.shape[:2]) < 2 * BLOCK_PX:
        return 0.0
    luma = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    half = cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32)
    edges = np.abs(cv2.filter2D(half, -1, LAPLACIAN))[1:-1, 1:-1]
    strengths, lumas = _block_means(edges) * (np.sqrt(np.pi / 2) / 6), _block_means(half[1:-1, 1:-1])
    counted = strengths[(lumas > EXPOSED[0]) & (lumas < EXPOSED[1]) & (strengths > FLAT)]
    if not len(counted):
        return 0.0
    return NOISE_SCALE * float(np.percentile(counted, BLOCKS_QUIET))


def _around(rgb: RGBImage, face: Face) -> RGBImage:
    """The photo around a face, twice as wide and high as its box, or wider around a small face."""
    height, width = rgb.shape[:2]
    x1, y1, x2, y2 = face.bbox
    margin_x, margin_y = max(AROUND_PX, (x2 - x1) / 2), max(AROUND_PX, (y2 - y1) / 2)
    columns = slice(max(0, int(x1 - margin_x)), min(width, int(x2 + margin_x) + 1))
    rows = slice(max(0, int(y1 - margin_y)), min(height, int(y2 + margin_y) + 1))
    return np.ascontiguousarray(rgb[rows, columns])


def _block_means(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of whole blocks, flat; empty for a plane smaller than one block."""
    rows, columns = (side // BLOCK_PX for side in plane.shape)
    whole = plane[: rows * BLOCK_PX, : columns * BLOCK_PX]
    means = whole.reshape(rows, BLOCK_PX, columns, BLOCK_PX).mean(axis=(1, 3))
    return np.asarray(means.ravel(), np.float32)


@cache
def _window() -> NDArray[np.float32]:
    """Hann's window, (SIDE_PX, SIDE_PX), which hides the edge of the square."""
    axis = np.hanning(SIDE_PX).astype(np.float32)
    return np.asarray(axis[:, None] * axis, np.float32)


@cache
def _bands() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The band of each frequency, 0 below the first, and the number of frequencies in each band."""
    vertical = np.abs(np.fft.fftfreq(SIDE_PX, 1 / SIDE_PX))[:, None]
    radius = np.hypot(vertical, np.arange(SIDE_PX // 2))
    bands = np.digitize(radius, BANDS)
    return bands, np.bincount(bands.ravel(), minlength=len(BANDS) + 1)[1 : len(BANDS)]
