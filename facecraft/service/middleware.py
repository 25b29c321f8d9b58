"""Around every request: an id, headers that protect, a line in the log, and a count."""

import logging
import re
from time import perf_counter
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facecraft.errors import HeadTooLarge
from facecraft.service.response.problems import body_of, problem_response
from facecraft.service.telemetry.logs import REQUEST_ID
from facecraft.types import Portrait

if TYPE_CHECKING:
    from facecraft.service.telemetry.metrics import Metrics
    from facecraft.types import Check, Detection

SANE_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}")
# Only the page of /docs needs more, and says so itself.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
MAX_HEADERS = 100
MAX_HEADER_BYTES = 16 * 1024
PROBES = ("/health", "/ready", "/metrics")

logger = logging.getLogger("facecraft.request")


class RequestMiddleware:
    """ASGI middleware, outside of all others.

    What was done for a request, and the code of its error, are read from its state: `done`, a Portrait,
    Detection or Check, `batch`, the counts of one, and `code`. No file name, no query and no pixel is logged.
    """

    def __init__(self, app: ASGIApp, metrics: "Metrics") -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = perf_counter()
        request_id = _id_of(Headers(scope=scope))
        token = REQUEST_ID.set(request_id)
        state = scope.setdefault("state", {})
        status, received_bytes, sent_bytes = 499, 0, 0  # 499: the client left before it had an answer

        async def receiving() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            sent_bytes += len(message.get("body", b""))
            await send(message)

        app = self._app if _fits(scope) else _refuse
        try:
            await app(scope, receiving, sending)
        finally:
            took_s = perf_counter() - start
            route = getattr(scope.get("route"), "path", "unknown")
            code = state.get("code")
            self._metrics.count(route, status, took_s, code)
            facts = {"route": route, "status": status, "ms": round(took_s * 1000, 1)}
            facts |= {"bytes_in": received_bytes, "bytes_out": sent_bytes}
            facts |= {"code": code} if code else {}
            facts |= self._done(state.get("done")) | state.get("batch", {})
            level = logging.DEBUG if route in PROBES else logging.INFO
            logger.log(level, "%s %s %d", scope["method"], route, status, extra=facts)
            REQUEST_ID.reset(token)

    def _done(self, done: "Portrait | Detection | Check | None") -> dict[str, object]:
        if done is None:
            return {}
        self._metrics.count_stages(done.timings_ms, len(done.faces))
        restored = {"restored": done.restored} if isinstance(done, Portrait) else {}
        return {
            "pixels": done.source.width * done.source.height,
            "faces": len(done.faces),
            **restored,
            **{f"{stage}_ms": round(took_ms, 1) for stage, took_ms in done.timings_ms.items()},
        }


def _fits(scope: Scope) -> bool:
    headers = scope["headers"]
    return len(headers) <= MAX_HEADERS and sum(len(a) + len(b) for a, b in headers) <= MAX_HEADER_BYTES


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    error = HeadTooLarge(
        f"The request has more than {MAX_HEADERS} headers, or {MAX_HEADER_BYTES} bytes of them.",
        limit=MAX_HEADER_BYTES,
    )
    scope["state"]["code"] = error.code
    await problem_response(body_of(error, error.detail, error.limit))(scope, receive, send)


def _id_of(headers: Headers) -> str:
    """The one that came, if it is one that a log can hold; else a new one."""
    given = headers.get("x-request-id", "")
    return given if SANE_ID.fullmatch(given) else uuid4().hex
