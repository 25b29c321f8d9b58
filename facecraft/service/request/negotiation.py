"""Content negotiation: an image or JSON (RFC 9110, section 12.5.1)."""

from collections.abc import Iterable, Mapping

from facecraft.imaging.formats import MEDIA_TYPES

IMAGE_TYPES = tuple(MEDIA_TYPES.values())
JSON_TYPE = "application/json"


def prefers_json(accept: Iterable[str]) -> bool:
    """Whether these Accept headers prefer JSON to every image. An equal rank is not a preference."""
    qualities = dict(_parse_ranges(",".join(accept)))
    return _quality(JSON_TYPE, qualities) > max(_quality(image, qualities) for image in IMAGE_TYPES)


def _parse_ranges(header: str) -> Iterable[tuple[str, float]]:
    """Media ranges with their quality, 0 to 1."""
    for element in header.split(","):
        media_range, *parameters = (part.strip().lower() for part in element.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _parse_quality(value.strip())
        yield media_range, quality


def _parse_quality(value: str) -> float:
    try:
        quality = float(value)
    except ValueError:
        return 0.0  # ignore a malformed range
    return quality if 0 <= quality <= 1 else 0.0


def _quality(media_type: str, qualities: Mapping[str, float]) -> float:
    """The quality of the most specific matching range."""
    main, _, _ = media_type.partition("/")
    for media_range in (media_type, f"{main}/*", "*/*"):
        if media_range in qualities:
            return qualities[media_range]
    return 0.0
