"""The page at `/` for trying a photo, from files of the package. It needs no other host."""

from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from facecraft.imaging.formats import FORMATS, READ_SUFFIXES, READABLE_LIST, SUFFIXES, WRITERS
from facecraft.service.state import ServiceDep

FOLDER = Path(__file__).parents[1] / "web"
MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
}
ASSETS = (
    "page.css",
    "controls.css",
    "result.css",
    "favicon.svg",
    "page.js",
    "photo.js",
    "options.js",
    "preset.js",
    "service.js",
    "call.js",
    "compare.js",
    "result.js",
    "verdict.js",
    "command.js",
)
FILES = {name: FOLDER / name for name in ASSETS} | {
    "astronaut.jpg": FOLDER.parents[1] / "checks" / "bench" / "astronaut.jpg"
}
# Pictures come from the browser's memory. Scripts and styles are files, never inline.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


# What the page knows of formats is in the table of formats alone.
WRITTEN = "".join(
    f'<option value="{name}" data-type="{writer.media_type}" data-suffix="{SUFFIXES[name][1:]}">'
    f"{FORMATS[name].title}</option>"
    for name, writer in WRITERS.items()
)
PLACES = {
    "{{accept}}": ",".join(("image/*", *sorted(READ_SUFFIXES))),
    "{{read}}": READABLE_LIST,
    "{{written}}": WRITTEN,
}


@router.get("/")
async def page(request: Request, service: ServiceDep) -> Response:
    content = (FOLDER / "index.html").read_text()
    for place, text in (PLACES | {"{{most_bytes}}": str(service.settings.max_upload_bytes)}).items():
        content = content.replace(place, text)
    response = _response(request, content.encode(), MEDIA_TYPES[".html"])
    response.headers["Content-Security-Policy"] = POLICY
    return response


@router.get("/page/{name}")
async def asset(request: Request, name: str) -> Response:
    if name not in FILES:
        raise HTTPException(status_code=404)
    return _response(request, FILES[name].read_bytes(), MEDIA_TYPES[FILES[name].suffix])


def _response(request: Request, content: bytes, media_type: str) -> Response:
    """The content, or 304 if the browser already has it.

    The browser asks every time, so that an update is visible immediately.
    """
    tag = f'"{sha256(content).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
