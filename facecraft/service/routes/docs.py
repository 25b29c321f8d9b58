"""The interactive documentation, from files that are installed with the service: it needs no other host."""

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException
from swagger_ui_bundle import swagger_ui_path

ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")
# The page starts Swagger UI by a script of its own, and shows icons that are in its style sheet.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def page() -> HTMLResponse:
    # Addresses are relative, so that the page works behind a proxy that adds a prefix.
    html = get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Facecraft",
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="docs/favicon-32x32.png",
        # Swagger UI would ask validator.swagger.io for a badge.
        swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True},
    )
    html.headers["Content-Security-Policy"] = POLICY
    return html


@router.get("/docs/{name}")
async def asset(name: str) -> FileResponse:
    if name not in ASSETS:
        raise HTTPException(status_code=404)
    return FileResponse(swagger_ui_path / name)
