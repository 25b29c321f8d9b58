"""API keys."""

import hmac

from fastapi import Request

from facecraft.errors import Unauthorized
from facecraft.service.state import ServiceDep


async def authorize(request: Request, service: ServiceDep) -> None:
    """Raise Unauthorized unless no key is set or the request carries one of them."""
    keys = [key.get_secret_value().encode() for key in service.settings.api_keys]
    if not keys:
        return
    given = _given(request)
    if given is None:
        raise Unauthorized("The request carries no key.")
    # Against all of them, so that the time taken does not tell which one came close.
    matches = [hmac.compare_digest(given, key) for key in keys]
    if not any(matches):
        raise Unauthorized("The key is not valid.")


def _given(request: Request) -> bytes | None:
    key = request.headers.get("x-api-key")
    if key is None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = token.strip()
    return key.encode("latin-1")  # the bytes that came, as Starlette reads headers as latin-1
