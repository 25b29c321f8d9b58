"""Pages of other sites may not have their visitors' browsers post to the service."""

from collections.abc import Container

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from facecraft.errors import CrossSite
from facecraft.service.response.problems import error_response

HARMLESS_METHODS = ("GET", "HEAD", "OPTIONS")


class OriginMiddleware:
    """ASGI middleware that refuses a post of another site, before its body is read.

    A browser lets any page send a form to any address, also in networks that only the browser reaches, and
    says so in Sec-Fetch-Site; over plain HTTP it sends Origin alone, which then has to be of the host that it
    posts to. Other programs send neither header.

    Args:
        app: the protected application.
        allowed: the origins of pages that may post; "*" for all.
    """

    def __init__(self, app: ASGIApp, allowed: Container[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in HARMLESS_METHODS and self._refuses(scope):
            error = CrossSite("A page of another site sent this request.")
            await error_response(scope, error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refuses(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origin, sites = headers.get("origin"), headers.getlist("sec-fetch-site")
        if "*" in self._allowed or origin in self._allowed:
            return False
        if sites or origin is None:
            return "cross-site" in sites
        _, _, host = origin.partition("://")
        return host.lower() != headers.get("host", "").lower()
