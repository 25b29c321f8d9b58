"""A small picture of a photo, for programs that cannot show its format."""

from facecraft.imaging import codec
from facecraft.imaging.limits import Limits, Terms
from facecraft.imaging.picture import scale_down
from facecraft.results import Preview

SIDE_PX = 1600
"""Longest side: that of a large screen's half."""
QUALITY = 80


def preview(data: bytes, limits: Limits) -> Preview:
    """Make a WebP of a photo, upright and in sRGB, whose longer side is at most SIDE_PX.

    Of a damaged file it shows what is there.

    Raises:
        RequestError: the file cannot be decoded within the limits.
    """
    picture, source = codec.decode(data, limits, Terms(damaged=True, reduced=True))
    scale = SIDE_PX / max(picture.width, picture.height)
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = scale_down(picture, *size)
    return Preview(
        source=source,
        data=codec.encode(picture, "webp", QUALITY),
        format="webp",
        width=picture.width,
        height=picture.height,
        quality=QUALITY,
    )
