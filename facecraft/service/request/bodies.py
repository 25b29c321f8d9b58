"""The kinds of body that have one photo."""

from typing import Protocol

from fastapi import Request

from facecraft.errors import InvalidOption
from facecraft.service.request.fields import query_fields, query_preset
from facecraft.service.request.files import ReceivedForm
from facecraft.service.request.form import SingleFileForm
from facecraft.service.request.json_body import JsonBody
from facecraft.service.request.media import EXAMPLE, FORM, body_type
from facecraft.service.request.multipart import parse_boundary
from facecraft.service.request.names import file_name
from facecraft.service.request.raw import RawBody

OTHERS = "Or send the photo alone, with a header like Content-Type: image/jpeg, or JSON with its base64."


class Body(Protocol):
    """Parses a body while it arrives.

    Attributes:
        max_bytes: the most bytes that it may have.
        kept_share: how many of the received bytes stay in memory, as a share.
    """

    max_bytes: int
    kept_share: float

    def write(self, chunk: bytes) -> None:
        """Parse the next piece. Raises RequestError if it cannot be right."""

    def finish(self) -> ReceivedForm:
        """Return what was sent, after the last piece. Raises RequestError if it is not complete."""

    def close(self) -> None:
        """Free the memory of what was parsed."""


def open_body(request: Request, max_file_bytes: int) -> Body:
    """What parses the body of this request.

    Raises:
        InvalidOption: the body is of another kind, or its options in the query string are wrong.
        RequestError: the Content-Type of a form has no boundary.
        UnsupportedEncoding: the body is compressed.
    """
    media_type, parameters = body_type(request)
    if media_type == FORM:
        return SingleFileForm(parse_boundary(media_type, parameters), query_preset(request), max_file_bytes)
    if media_type == "application/json":
        return JsonBody(query_preset(request), max_file_bytes)
    if media_type.startswith("image/") or media_type == "application/octet-stream":
        name = file_name(request.headers.get("content-disposition", "").encode("latin-1"))
        return RawBody(name or "", query_fields(request), max_file_bytes)
    kind = f"{media_type}." if media_type else "of no kind: the header Content-Type is missing."
    raise InvalidOption(f"The body is {kind}", hint=f"{EXAMPLE}. {OTHERS}")
