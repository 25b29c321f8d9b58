"""From a file's bytes, or an image of Pillow, to pixels and back. Only pixels pass to the output."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.JpegImagePlugin import jpeg_factory

from facecraft.errors import ImageTooLarge, UndecodableImage, in_millions
from facecraft.imaging import colour, jpeg, mending, png, scans
from facecraft.imaging.encoders import DEFAULT_QUALITY, Encoding
from facecraft.imaging.formats import FORMATS, Reader, sniff, writer_of, written_format
from facecraft.imaging.limits import Limits, Terms, check_bytes, check_structure, check_whole, count_frames
from facecraft.imaging.metadata import Metadata
from facecraft.imaging.picture import Picture
from facecraft.imaging.pixels import UPRIGHT, arrays, still_by_opencv, to_srgb
from facecraft.imaging.reduction import check_decoded, check_scans, reduction_of, shrink, too_large
from facecraft.imaging.structure import CODE, TURN
from facecraft.types import Alpha, RGBImage, Source

Turn: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
ORIENTATION_TAG = 0x0112
GREY_BANDS = {"1", "L", "I", "F"}
# Errors of Pillow's decoders on broken files. Its own errors are OSErrors.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    AssertionError,  # a palette image without a palette
    struct.error,
    zlib.error,
)


def decode(data: bytes, limits: Limits, terms: Terms | None = None) -> tuple[Picture, Source]:
    """Check the structure of a file, then decode its first picture.

    Raises:
        UploadTooLarge: the file has more bytes than the limit.
        ImageTooLarge: it has more pixels, frames or scans than the limits.
        UnsupportedFormat: its format is not accepted.
        UndecodableImage: it is broken, or is damaged and the terms do not allow that.
    """
    terms = terms or Terms()
    check_bytes(len(data), limits.upload_bytes)
    format_, reader = sniff(data)
    try:
        if format_ == "jpeg":
            return _decode_jpeg(data, limits, terms)
        return _decode_whole(data, format_, reader, limits, terms)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(
            f"The picture is over the limit of {in_millions(limits.pixels)} megapixels.", limit=limits.pixels
        ) from error
    except BROKEN as error:
        raise UndecodableImage(
            f"The file begins like {FORMATS[format_].title}, but cannot be decoded."
        ) from error


def _decode_jpeg(data: bytes, limits: Limits, terms: Terms) -> tuple[Picture, Source]:
    structure = jpeg.read(data, limits.scans)
    # Not by Pillow's `open`, whose limit does not know that less may be decoded.
    with jpeg_factory(io.BytesIO(data)) as image:
        stored, tables = image.size, image.quantization
        times = reduction_of(*stored, structure, limits.pixels, allowed=terms.reduced)
        frames, turn = count_frames(image, limits), _orientation(image)
        check_scans(structure, limits.scans, limits.pixels)
        shrink(image, times)
        share = scans.load(image, data, structure, damaged=terms.damaged)
        check_whole(share, "jpeg", terms)
        rgb, alpha = arrays(*to_srgb(image))
    quality = jpeg.quality(tables[0]) if 0 in tables else None  # number 0 is the luma's, by custom
    source = Source(*_upright_size(stored, turn), "jpeg", frames, quality, share=share, reduced=times)
    return _turned(rgb, alpha, turn), source


def _decode_whole(
    data: bytes, format_: str, reader: Reader, limits: Limits, terms: Terms
) -> tuple[Picture, Source]:
    """Decode a file of a format that has no smaller picture in it."""
    frames, share = None, 1.0
    if format_ == "png":
        data, share = mending.whole(data, limits.pixels, damaged=terms.damaged)
        data = png.without_texts(data)
    if reader.measure is not None:
        frames = check_structure(reader.measure(data, limits.frames), limits)
    with reader.open(data) as image:
        check_decoded(image.width, image.height, limits.pixels, framed=terms.reduced)
        frames = frames or count_frames(image, limits)
        if format_ == "png":
            image.load()  # its EXIF may lie behind the pixels, and reading it would hide what is broken
        turn = _orientation(image)
        plain = format_ == "webp" and frames == 1 and "icc_profile" not in image.info
        if format_ == "png":
            rgb, alpha = png.pixels(data, image)
        else:
            rgb, alpha = still_by_opencv(data) if plain else arrays(*to_srgb(image))
            _convert_named(rgb, image)
    picture = _turned(rgb, alpha, turn)
    return picture, Source(picture.width, picture.height, format_, frames, share=share)


def _convert_named(rgb: RGBImage, image: Image.Image) -> None:
    """Convert colours that the file names by their numbers, in place."""
    space = colour.space_of({}, image.info.get(CODE)) if CODE in image.info else None
    if space is not None and not space.plain:
        colour.convert(rgb, space.of_grey if image.mode in GREY_BANDS else space)


def convert(image: Image.Image, limits: Limits) -> tuple[Picture, Source]:
    """Convert the current frame of an image of Pillow, which stays as it is. Only the limit of pixels counts.

    Raises:
        ImageTooLarge: it has more pixels than the limit.
        UndecodableImage: it is broken or closed, or Pillow cannot convert its mode.
    """
    if image.width * image.height > limits.pixels:
        raise too_large(image.width, image.height, limits.pixels)
    if not image.width * image.height:
        raise UndecodableImage("The image has no pixels.")
    try:
        # A copy has one frame. Pillow clips the 32 bits of "I" to 255.
        frame = image.convert("L") if image.mode == "I" else image.copy()
        turn = _orientation(image)  # after Pillow has decoded it: a TIFF is upright then
        rgb, alpha = arrays(*to_srgb(frame))
        space = colour.space_of(image.info)  # if it was opened as a PNG
        if space is not None and not space.plain:
            grey = image.getbands()[0] in GREY_BANDS
            colour.convert(rgb, space.of_grey if grey else space)
    except BROKEN as error:
        raise UndecodableImage(
            f"The image of mode {image.mode} cannot be read.", hint="Give an open image, in mode RGB."
        ) from error
    picture = _turned(rgb, alpha, turn)
    return picture, Source(picture.width, picture.height, written_format(image.format), 1)


def encode(
    picture: Picture,
    format_: str,
    quality: int | None = None,
    dpi: int | None = None,
    metadata: Metadata | None = None,
) -> bytes:
    """Encode a picture.

    Args:
        picture: in a format without transparency it gets a white background.
        format_: one with a writer in formats.TABLE.
        quality: 1 to 100, None for the default; lossless formats ignore it.
        dpi: resolution to store in the file, in pixels per inch.
        metadata: to store in the file.

    Raises:
        UnsupportedFormat: the format is unknown, or it cannot be written.
    """
    encoding = Encoding(DEFAULT_QUALITY if quality is None else quality, dpi, metadata)
    return writer_of(format_).encode(picture, encoding)


def _upright_size(size: tuple[int, int], turn: Turn | None) -> tuple[int, int]:
    """Width and height of a stored picture after the turn."""
    width, height = size
    if turn is None:
        return width, height
    turned = turn(np.broadcast_to(np.uint8(0), (height, width)))
    return turned.shape[1], turned.shape[0]


def _turned(rgb: RGBImage, alpha: Alpha | None, turn: Turn | None) -> Picture:
    if turn is None:
        return Picture(rgb, alpha)
    return Picture(
        np.ascontiguousarray(turn(rgb)), None if alpha is None else np.ascontiguousarray(turn(alpha))
    )


def _orientation(image: Image.Image) -> Turn | None:
    """The turn that makes the picture upright; unreadable EXIF data means no turn.

    Pillow's own `getexif` also takes the turn that XMP names, which browsers do not.
    """
    if TURN in image.info:
        return UPRIGHT.get(image.info[TURN])
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
        return UPRIGHT.get(exif.get(ORIENTATION_TAG, 1))
    except BROKEN:
        return None
