"""API keys: if keys are set, every path needs one, except OPEN_PATHS."""

import hmac
from collections.abc import Sequence
from fnmatch import fnmatchcase

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from facecraft.errors import Unauthorized
from facecraft.service.response.problems import error_response

OPEN_PATHS = ("/", "/health", "/ready", "/page/*")
"""The paths that need no key, as patterns of fnmatch."""


def is_open(path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in OPEN_PATHS)


class KeyMiddleware:
    """ASGI middleware that refuses a request without a valid key, before its body is read.

    An unknown path is refused too, so that a client without a key does not learn which paths exist. The
    request's state gets the number of its key, as `key`.

    Args:
        app: the protected application.
        keys: the valid keys, at least one.
    """

    def __init__(self, app: ASGIApp, keys: Sequence[SecretStr]) -> None:
        self._app = app
        self._keys = [key.get_secret_value().encode() for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and not is_open(scope["path"]):
            try:
                scope["state"]["key"] = self._number(Headers(scope=scope))
            except Unauthorized as error:
                await error_response(scope, error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _number(self, headers: Headers) -> int:
        key = _parse_key(headers)
        if key is None:
            raise Unauthorized("The request has no key.")
        # Compare with every key, so that the time does not show which one is similar.
        matches = [hmac.compare_digest(key, valid) for valid in self._keys]
        if not any(matches):
            raise Unauthorized("The key is not valid.")
        return matches.index(True)


def _parse_key(headers: Headers) -> bytes | None:
    key = headers.get("x-api-key")
    if key is None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = token.strip()
    return key.encode("latin-1")  # the bytes on the wire: Starlette decodes headers as latin-1
