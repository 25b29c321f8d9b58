"""What kind of body a request has."""

from fastapi import Request
from python_multipart.multipart import parse_options_header

from facecraft.errors import UnsupportedEncoding

FORM = "multipart/form-data"
EXAMPLE = "Send a form, for example: curl -F file=@portrait.jpg http://localhost:8000/process"


def body_type(request: Request) -> tuple[str, dict[bytes, bytes]]:
    """The media type of the body, lower case, with its parameters.

    Raises:
        UnsupportedEncoding: the body is compressed.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedEncoding(f"The body has the Content-Encoding {encoding[:40]}.")
    media_type, parameters = parse_options_header(request.headers.get("content-type"))
    return media_type.decode("latin-1"), parameters
