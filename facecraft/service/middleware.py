"""Add an id, security headers, a log line and metrics to every request."""

import logging
import re
from collections.abc import Container, Mapping
from time import perf_counter
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from facecraft.errors import HeadTooLarge
from facecraft.results import Portrait
from facecraft.service.request.client import client_address
from facecraft.service.response.problems import error_response
from facecraft.service.telemetry.logs import REQUEST_ID

if TYPE_CHECKING:
    from facecraft.results import Findings
    from facecraft.service.request.client import Networks
    from facecraft.service.telemetry.metrics import Metrics

REQUEST_ID_PATTERN = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}")
# The pages at / and /docs need more, and set their own policy.
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
"""Routes with log lines at level debug."""

logger = logging.getLogger("facecraft.request")


class RequestMiddleware:
    """The outermost ASGI middleware.

    A HEAD request is answered as GET is, without the body (RFC 9110, section 9.3.2).

    It logs the client's address, and these members of the request's state: `findings`, `batch` (counts of
    files and portraits) and `code` (of its error). It logs no file name, no query and no pixel.

    Args:
        app: the inner application.
        metrics: they count the requests.
        paths: routes without parameters. A request for one of these is counted under its path where the
            router names no route: it was refused before, or the route is FastAPI's own.
        trusted: the proxies that are believed who their client is.
    """

    def __init__(
        self, app: ASGIApp, metrics: "Metrics", paths: Container[str], trusted: "Networks" = ()
    ) -> None:
        self._app = app
        self._trusted = trusted
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, method = perf_counter(), scope["method"]
        if method == "HEAD":
            scope = {**scope, "method": "GET"}
        request_id = _request_id(Headers(scope=scope))
        token = REQUEST_ID.set(request_id)
        scope.setdefault("state", {})["method"] = method  # for an error's text
        status, received_bytes, sent_bytes = 499, 0, 0  # 499: the client left before the response

        async def counting_receive() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            return message

        async def counting_send(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, request_id)
            elif method == "HEAD":
                message = {**message, "body": b""}
            sent_bytes += len(message.get("body", b""))
            await send(message)

        app = self._app if _head_fits(scope) else _refuse_head
        try:
            await app(scope, counting_receive, counting_send)
        finally:
            size = {"bytes_in": received_bytes, "bytes_out": sent_bytes}
            self._record(method, scope, status, perf_counter() - start, size)
            REQUEST_ID.reset(token)

    def _record(
        self, method: str, scope: Scope, status: int, duration_s: float, size: Mapping[str, int]
    ) -> None:
        """Count the request and log it."""
        state, route = scope["state"], self._route(scope)
        code = state.get("code")
        self._metrics.count_request(route, status, duration_s, code)
        client = client_address(scope, self._trusted)
        facts = {"client": client, "route": route, "status": status}
        facts |= {"ms": round(duration_s * 1000, 1), **size}
        facts |= {"code": code} if code else {}
        facts |= self._record_findings(state.get("findings")) | state.get("batch", {})
        level = logging.DEBUG if route in PROBES else logging.INFO
        logger.log(level, "%s %s %d", method, route, status, extra=facts)

    def _route(self, scope: Scope) -> str:
        path: str = scope["path"] if scope["path"] in self._paths else "unknown"
        return getattr(scope.get("route"), "path", path)

    def _record_findings(self, findings: "Findings | None") -> dict[str, object]:
        if findings is None:
            return {}
        self._metrics.count_stages(findings.timings_ms, len(findings.faces))
        restored = {"restored": findings.restored} if isinstance(findings, Portrait) else {}
        return {
            "pixels": findings.source.width * findings.source.height,
            "faces": len(findings.faces),
            **restored,
            **{f"{stage}_ms": round(ms, 1) for stage, ms in findings.timings_ms.items()},
        }


def _request_id(headers: Headers) -> str:
    """The id in the request if it is safe to log, else a new one."""
    request_id = headers.get("x-request-id", "")
    return request_id if REQUEST_ID_PATTERN.fullmatch(request_id) else uuid4().hex


def _add_headers(message: Message, request_id: str) -> None:
    headers = MutableHeaders(scope=message)
    headers["X-Request-ID"] = request_id
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


def _head_fits(scope: Scope) -> bool:
    headers = scope["headers"]
    return len(headers) <= MAX_HEADERS and sum(len(a) + len(b) for a, b in headers) <= MAX_HEADER_BYTES


async def _refuse_head(scope: Scope, receive: Receive, send: Send) -> None:
    error = HeadTooLarge(
        f"The request has more than {MAX_HEADERS} headers, or {MAX_HEADER_BYTES} bytes of them.",
        limit=MAX_HEADER_BYTES,
    )
    await error_response(scope, error)(scope, receive, send)
