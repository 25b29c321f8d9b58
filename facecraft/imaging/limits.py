"""What a photo and a portrait may be: the limits of a file, of its picture and of the result."""

from dataclasses import dataclass
from math import floor

from PIL.Image import Image

from facecraft.errors import ImageTooLarge, UndecodableImage, file_too_large, in_millions
from facecraft.imaging.formats import writer_of
from facecraft.imaging.reduction import check_decoded
from facecraft.imaging.structure import Structure
from facecraft.types import ImageFormat

DAMAGED_HINT = (
    "Send the camera's own file, or copy it again. For a portrait of what is there, use damaged=accept."
)
PIXEL_BYTES = 5
"""Most bytes that a decoder may make of each allowed pixel: 4, and tiles reach over the picture's edge."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a photo. Those of its file are checked before any pixel is decoded.

    Attributes:
        faces: largest number that is restored; 0 for no limit.
    """

    upload_bytes: int
    pixels: int
    frames: int
    scans: int
    faces: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a photo is taken.

    Attributes:
        damaged: whether a damaged file is taken, as far as it is there.
        reduced: whether a JPEG with too many pixels is decoded at 1/2, 1/4 or 1/8.
    """

    damaged: bool = False
    reduced: bool = False


def check_bytes(size: int, limit: int) -> None:
    """Raise UploadTooLarge for a file with more bytes than the limit."""
    if size > limit:
        raise file_too_large(limit, size)


def count_frames(image: Image, limits: Limits) -> int:
    """The number of pictures in a file. Raise ImageTooLarge if there are more than the limit."""
    frames = int(getattr(image, "n_frames", 1))
    check_frames(frames, limits)
    return frames


def check_frames(frames: int, limits: Limits) -> None:
    """Raise ImageTooLarge for a file with more pictures than the limit."""
    if frames > limits.frames:
        raise ImageTooLarge(
            f"The file holds {frames} pictures; at most {limits.frames} are accepted.",
            limit=limits.frames,
            hint="Send a single picture.",
        )


def check_pixels(width: int, height: int, limits: Limits) -> None:
    """Raise ImageTooLarge for a result with more pixels than the limit."""
    if width * height > limits.pixels:
        raise ImageTooLarge(
            f"A portrait of {width} x {height} has {in_millions(width * height, up=True)} megapixels; "
            f"at most {in_millions(limits.pixels)} are made.",
            limit=limits.pixels,
            hint="Send a smaller picture, or ask for a smaller portrait.",
        )


def check_whole(share: float, format_: ImageFormat, terms: Terms) -> None:
    """Raise UndecodableImage for a file of which a share, 0 to 1, is there, unless damaged ones are taken."""
    if share < 1 and not terms.damaged:
        raise UndecodableImage(
            f"The {format_.upper()} is damaged: {percent(share)} of the photo is there.", hint=DAMAGED_HINT
        )


def percent(share: float) -> str:
    """A share, 0 to 1, in whole per cent, rounded down: a damaged photo never has all of them."""
    return f"{floor(100 * share)} %"


def check_format(width: int, height: int, format_: ImageFormat, limits: Limits) -> None:
    """Raise ImageTooLarge for a result with too long a side, or too many pixels, for its format."""
    writer = writer_of(format_)
    longest, most = writer.longest_side_px, int(limits.pixels * writer.share)
    if width * height > most:
        raise ImageTooLarge(
            f"The picture of {width} x {height} is over the limit of {most} pixels of an {format_.upper()}, "
            "which takes more memory than other formats.",
            limit=most,
            hint="Use another format, such as format=webp, or scale the picture down.",
        )
    if max(width, height) > longest:
        raise ImageTooLarge(
            f"The picture of {width} x {height} pixels does not fit a {format_.upper()}, "
            f"which has at most {longest} on each side.",
            limit=longest,
            hint="Scale the picture down."
            if format_ == "png"
            else "Use format=png, or scale the picture down.",
        )


def check_structure(structure: Structure, limits: Limits) -> int:
    """Check what a file says about itself, and return the number of its pictures.

    Raises:
        ValueError: it says that it has no pixels.
        ImageTooLarge: it has more pixels, pictures or decoded bytes than the limits.
    """
    width, height = structure.width, structure.height
    if width < 1 or height < 1:
        raise ValueError("The picture has no pixels.")
    check_decoded(width, height, limits.pixels, framed=True)
    check_frames(structure.frames, limits)
    most = limits.pixels * PIXEL_BYTES
    if structure.decoded_bytes > most:
        raise ImageTooLarge(
            f"The picture of {width} x {height} takes {in_millions(structure.decoded_bytes, up=True)} MB "
            f"when it is decoded; at most {in_millions(most)} are taken.",
            limit=most,
            hint="Save it with 8 bits a sample, or scale it down.",
        )
    return structure.frames
