"""From Pillow's images to arrays in sRGB, with few copies of the pixels."""

import io
from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from facecraft.imaging.structure import DEPTH, INVERTED
from facecraft.types import RGBImage

STRIP_PIXELS = 4_000_000
# EXIF 2.3, table 6: the turn that makes a stored picture upright.
UPRIGHT: Mapping[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


def still_by_opencv(data: bytes) -> tuple[RGBImage, NDArray[np.uint8] | None]:
    """Decode a still WebP or a BMP with OpenCV.

    Pillow needs memory for five copies of a WebP, 860 MB for 40 megapixels, and minutes for a compressed BMP.
    """
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError("OpenCV cannot decode it.") from error
    if pixels is None:
        raise ValueError("OpenCV cannot decode it.")
    if pixels.ndim == 2:  # a palette of greys
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8), None
    alpha = np.ascontiguousarray(pixels[..., 3], np.uint8) if pixels.shape[2] == 4 else None
    code = cv2.COLOR_BGR2RGB if alpha is None else cv2.COLOR_BGRA2RGB
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8), alpha


def arrays(image: Image.Image, alpha: Image.Image | None) -> tuple[RGBImage, NDArray[np.uint8] | None]:
    """Read the pixels of an RGB or RGBA image in strips; in one step, Pillow would make three copies."""
    has_alpha = image.mode == "RGBA"
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    plane = np.empty(rgb.shape[:2], np.uint8) if has_alpha else None
    rows = max(1, STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        strip = np.asarray(image.crop((0, top, image.width, min(top + rows, image.height))))
        rgb[top : top + rows] = strip[..., :3]
        if plane is not None:
            plane[top : top + rows] = strip[..., 3]
    return rgb, plane if alpha is None else np.asarray(alpha, np.uint8)


def to_srgb(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Decode the first picture, as RGB in sRGB with a separate alpha channel or None, or as RGBA."""
    image.seek(0)
    image.load()
    profile = image.info.get("icc_profile")
    alpha = None
    if image.mode.startswith("I"):
        image, alpha = _from_16_bit(image)
    elif image.has_transparency_data and not profile:
        return (image if image.mode == "RGBA" else image.convert("RGBA")), None
    elif image.has_transparency_data:
        grey = image.mode == "LA"
        image = image if grey else image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("L" if grey else "RGB")
    elif image.mode in {"P", "1"}:
        image = image.convert("RGB")
    if profile:
        image = _through_profile(image, profile)
    return (image if image.mode == "RGB" else image.convert("RGB")), alpha


def _from_16_bit(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Reduce grey of 9 to 16 bits to its highest 8; Pillow would clip it to 255."""
    pixels = np.asarray(image)
    clear = image.info.get("transparency")
    alpha = None if clear is None else Image.fromarray(np.where(pixels == clear, 0, 255).astype(np.uint8))
    grey = (pixels.astype(np.uint32) >> image.info.get(DEPTH, 16) - 8).astype(np.uint8)
    return Image.fromarray(~grey if image.info.get(INVERTED) else grey), alpha


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert from the embedded profile; an unreadable one counts as sRGB, as in browsers."""
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return image if converted is None else converted
