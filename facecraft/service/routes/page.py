"""The page at `/`, on which a photo is tried: files of the package, nothing else, and no other host."""

from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

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
# Pictures are shown from the browser's own memory; scripts and styles are files, never inline.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page(request: Request) -> Response:
    response = _file(request, FOLDER / "index.html")
    response.headers["Content-Security-Policy"] = POLICY
    return response


@router.get("/page/{name}")
async def asset(request: Request, name: str) -> Response:
    if name not in FILES:
        raise HTTPException(status_code=404)
    return _file(request, FILES[name])


def _file(request: Request, path: Path) -> Response:
    """The file, or 304 where the browser has it: it asks each time, so that an update shows at once."""
    content = path.read_bytes()
    tag = f'"{sha256(content).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=MEDIA_TYPES[path.suffix], headers=headers)
