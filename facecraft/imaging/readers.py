"""The readers: one function for each format that Pillow's own plugin does not read safely as it is.

Each imports its library when it is called, so that the table of formats is cheap to import. None registers
anything in Pillow: what may be decoded is in the table alone.
"""

# ruff: noqa: PLC0415

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from facecraft.imaging import gif, heif, tiff
from facecraft.imaging.structure import CODE, DEPTH, INVERTED, TURN, Structure

if TYPE_CHECKING:
    from pi_heif import HeifImage
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

MOST_THREADS = 4
"""Most threads that decode one picture: others are in work at the same time."""
KNOWN_BRANDS = (b"heic", b"heix", b"mif1")  # to libheif
GREY_STEPS = {"L;2": 85, "L;4": 17}  # between greys of few bits, by Pillow's name of their layout
RLE = (1, 2)  # compressions of a BMP, of 8 and 4 bits


def open_with(data: bytes, *plugins: str) -> "ImageFile":
    """Open a file with these plugins of Pillow, and no others. Nothing is decoded yet."""
    from PIL import Image

    return Image.open(io.BytesIO(data), formats=plugins)


def open_png(data: bytes) -> "Image":
    """Open a PNG. Its transparent colour is brought to 8 bits, as Pillow does with the pixels.

    Colours that differ from it only below these 8 bits become transparent too.
    """
    image = open_with(data, "PNG")
    clear = image.info.get("transparency")
    layout = str(image.tile[0].args) if image.tile else ""
    if clear is not None and layout in GREY_STEPS:
        image.info["transparency"] = clear * GREY_STEPS[layout]
    elif clear is not None and layout == "RGB;16B":
        image.info["transparency"] = tuple(level >> 8 for level in clear)
    return image


def open_heic(data: bytes) -> "Image":
    """Decode the primary picture. libheif turns it as irot and imir say; EXIF only says so once more.

    Raises:
        ValueError: it cannot be decoded.
    """
    from pi_heif import options

    options.DECODE_THREADS = MOST_THREADS
    try:
        image: Image = _primary(data).to_pillow()
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    image.info[TURN] = 1
    _name_colours(image, data)
    return image


def info_of_heic(data: bytes) -> Mapping[str, object]:
    """What the file says beside its pixels, which are not decoded. Raises ValueError if it is broken."""
    return cast("Mapping[str, object]", _primary(data).info)


def _primary(data: bytes) -> "HeifImage":
    """The primary picture, which is not decoded yet. Raises ValueError if it cannot be read."""
    import pi_heif
    from pi_heif import options

    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    try:
        file = pi_heif.open_heif(_with_known_brand(data))
        picture = file[file.primary_index]
    except (RuntimeError, IndexError) as error:
        raise ValueError(str(error)) from error
    if not picture.info["primary"]:
        raise ValueError("The primary picture cannot be read.")
    return picture


def _name_colours(image: "Image", data: bytes) -> None:
    """Note the colours of a HEIC or AVIF file without a profile."""
    code = None if image.info.get("icc_profile") else heif.colour_code(data)
    if code is not None:
        image.info[CODE] = code


def _with_known_brand(data: bytes) -> bytes:
    """The file with heic as its first compatible brand: libheif knows fewer brands than there are."""
    first = slice(16, 20)
    if int.from_bytes(data[:4], "big") < first.stop or data[first] in KNOWN_BRANDS:
        return data
    return data[: first.start] + b"heic" + data[first.stop :]


def open_avif(data: bytes) -> "Image":
    """Decode the first picture. It is turned as irot and imir say, whatever EXIF says.

    Pillow's plugin would hold two more copies, refuse a file for its EXIF, and turn what XMP alone turns.

    Raises:
        ValueError: it cannot be decoded.
    """
    from PIL import Image

    decoder = _avif_decoder(data)
    size, _, mode, profile, _, orientation, _ = decoder.get_info()
    try:
        pixels = decoder.get_frame(0)[0]
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    del decoder
    image = Image.frombuffer(mode, size, pixels, "raw", mode, 0, 1)
    image.info[TURN] = orientation
    if profile:
        image.info["icc_profile"] = profile
    _name_colours(image, data)
    return image


def info_of_avif(data: bytes) -> Mapping[str, object]:
    """What the file says beside its pixels, which are not decoded. Raises ValueError if it is broken."""
    _, _, _, _, exif, _, xmp = _avif_decoder(data).get_info()
    return {"exif": exif, "xmp": xmp}


def _avif_decoder(data: bytes) -> Any:
    """Pillow's decoder. Raises ValueError if the file cannot be decoded."""
    from PIL import _avif

    try:
        return _avif.AvifDecoder(data, "auto", MOST_THREADS)
    except RuntimeError as error:
        raise ValueError(str(error)) from error


def open_tiff(data: bytes) -> "Image":
    """Open the first page. Pillow turns it when it decodes it.

    Pillow does not invert 16-bit grey whose 0 is white, and knows it in one of two orders of bytes alone.
    """
    directory = tiff.first_directory(data)
    bits = directory.value(tiff.BITS, 1)
    inverted = bits > 8 and directory.value(tiff.PHOTOMETRIC, tiff.WHITE_IS_ZERO) == tiff.WHITE_IS_ZERO
    if inverted:
        at = directory.tags[tiff.PHOTOMETRIC].at
        data = data[:at] + (1).to_bytes(2, directory.order) + data[at + 2 :]
    image = open_with(data, "TIFF")
    image.info |= {TURN: 1, DEPTH: bits, INVERTED: inverted}
    return image


def open_gif(data: bytes) -> "Image":
    return open_with(gif.still(data), "GIF")


def measure_bmp(data: bytes, _most_frames: int) -> Structure:
    """Measure a BMP file."""
    with open_with(data, "BMP") as image:
        return Structure(image.width, image.height, 1, image.width * image.height * len(image.getbands()))


def open_bmp(data: bytes) -> "Image":
    """Open a BMP. A compressed one is decoded by OpenCV: Pillow does it in Python, for minutes."""
    from PIL import Image

    from facecraft.imaging.pixels import still_by_opencv

    image = open_with(data, "BMP")
    if image.info["compression"] in RLE:
        rgb, _ = still_by_opencv(data)
        return Image.fromarray(rgb)
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0):
        return image.convert("RGB")  # many programs leave the bytes of transparency empty
    return image
