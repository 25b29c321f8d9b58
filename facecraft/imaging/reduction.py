"""The scale at which a photo is decoded, by its size: a JPEG can be decoded at 1/2, 1/4 or 1/8."""

from math import ceil

from PIL.ImageFile import ImageFile

from facecraft.errors import ImageTooLarge, in_millions
from facecraft.imaging.jpeg import Structure

REDUCTIONS = (1, 2, 4, 8)
TIMES = 5
"""How many times the pixels that are decoded a JPEG may have."""
DECODING_BYTES = 12
"""Largest memory of decoding, for each pixel of the limit."""
PILLOW_BYTES = 4
"""Of these, what Pillow takes for a pixel."""
FRAME_HINT = (
    "A JPEG of up to {most} megapixels is taken with preset, width, height, head or margin, and without "
    "upscale: it is decoded smaller then. Else scale the picture down before sending it."
)
FORMAT_HINT = "Scale the picture down before sending it, or send a JPEG of up to {most} megapixels."


def check_decoded(width: int, height: int, limit_px: int, *, framed: bool) -> None:
    """Check the size of a photo that is decoded as it is.

    Args:
        width: of the photo, in pixels.
        height: likewise.
        limit_px: most pixels that are decoded.
        framed: whether a JPEG might be decoded smaller, for the hint.

    Raises:
        ImageTooLarge: it has more pixels.
    """
    if width * height > limit_px:
        hint = FORMAT_HINT if framed else FRAME_HINT
        raise too_large(width, height, limit_px, hint.format(most=in_millions(TIMES * limit_px)))


def reduction_of(width: int, height: int, structure: Structure, limit_px: int, *, allowed: bool) -> int:
    """The least number by which width and height are divided, so that a JPEG is decoded within the limit.

    Args:
        width: of the photo, in pixels.
        height: likewise.
        structure: of its file.
        limit_px: most pixels that are decoded.
        allowed: whether it may be decoded smaller.

    Raises:
        ImageTooLarge: there is no such number.
    """
    if width * height <= limit_px:
        return 1
    if width * height > TIMES * limit_px:
        raise too_large(width, height, TIMES * limit_px)
    if not allowed:
        check_decoded(width, height, limit_px, framed=False)
    for times in REDUCTIONS[1:]:
        decoded_px = ceil(width / times) * ceil(height / times)
        kept_bytes = structure.coefficients_bytes + decoded_px * PILLOW_BYTES
        if decoded_px <= limit_px and kept_bytes <= DECODING_BYTES * limit_px:
            return times
    raise ImageTooLarge(
        f"The JPEG of {width} x {height} has {in_millions(width * height)} megapixels in several scans, for "
        f"which a decoder needs {in_millions(structure.coefficients_bytes, up=True)} MB and the picture; "
        f"at most {in_millions(DECODING_BYTES * limit_px)} MB are used.",
        limit=DECODING_BYTES * limit_px,
        hint="Save it as a baseline JPEG, which is not progressive, or scale it down before sending it.",
    )


def shrink(image: ImageFile, times: int) -> None:
    """Have Pillow decode a JPEG, which it has opened, at 1 / `times` of its width and height.

    Raises:
        ValueError: it has too few pixels in one of them.
    """
    if times == 1:
        return
    size = ceil(image.width / times), ceil(image.height / times)
    image.draft(None, (max(1, image.width // times), max(1, image.height // times)))
    if image.size != size:
        raise ValueError(f"A picture of {image.width} x {image.height} is not decoded {times} times smaller.")


def check_scans(structure: Structure, most: int, limit_px: int) -> None:
    """Raise ImageTooLarge for a JPEG with more than `most` scans.

    Each of them goes through the whole picture, so one with more pixels than the limit may have fewer.
    """
    most = min(most, most * limit_px // max(1, structure.width * structure.height))
    if len(structure.scans) > most:
        raise ImageTooLarge(
            f"The JPEG has more than {most} scans.", limit=most, hint="Save it again as a baseline JPEG."
        )


def too_large(width: int, height: int, limit_px: int, hint: str | None = None) -> ImageTooLarge:
    """The error for a picture with more pixels than the limit."""
    found = f"The picture of {width} x {height} has {in_millions(width * height, up=True)} megapixels"
    return ImageTooLarge(f"{found}; at most {in_millions(limit_px)} are taken.", limit=limit_px, hint=hint)
