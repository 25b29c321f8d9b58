"""Swagger UI at /docs, from installed files. It needs no other host."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from facecraft.service.routes.web import FOLDER

# Only these files of fastapi-offline are used: Swagger UI 5, which supports OpenAPI 3.1.
SWAGGER_UI = Path(str(files("fastapi_offline"))) / "static"
ASSETS = {
    "swagger-ui-bundle.js": SWAGGER_UI / "swagger-ui-bundle.js",
    "swagger-ui.css": SWAGGER_UI / "swagger-ui.css",
    "docs.js": FOLDER / "docs.js",
    "favicon.svg": FOLDER / "favicon.svg",
}
# Swagger UI sets styles on elements, and its style sheet contains icons as data: URLs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def page() -> FileResponse:
    # Its URLs are relative, so that it works behind a proxy that adds a prefix.
    return FileResponse(FOLDER / "docs.html", headers={"Content-Security-Policy": POLICY})


@router.get("/docs/{name}")
async def asset(name: str) -> FileResponse:
    if name not in ASSETS:
        raise HTTPException(status_code=404)
    return FileResponse(ASSETS[name])
