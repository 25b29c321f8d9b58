"""Convert errors to RFC 9457 `application/problem+json`."""

from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from facecraft.errors import FacecraftError, ServiceError, Unauthorized, UnsupportedEncoding, problem
from facecraft.service.response.schemas import ProblemBody
from facecraft.service.telemetry.logs import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"
CLIENT_CLOSED_REQUEST = 499
PATHS_HINT = "GET /openapi.json lists every path and its methods."


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error with a problem."""
    app.add_exception_handler(FacecraftError, _handle_facecraft_error)
    app.add_exception_handler(HTTPException, _handle_http_exception)
    app.add_exception_handler(ClientDisconnect, _handle_disconnect)
    # Starlette raises the error again after the response, and uvicorn logs it with its traceback.
    app.add_exception_handler(Exception, _handle_unexpected_error)


def problem_body(
    error: FacecraftError | type[FacecraftError], detail: str, limit: float | None = None
) -> ProblemBody:
    return _body(error.status, error.code, detail, error.hint, limit)


def error_response(scope: "Scope", error: FacecraftError) -> Response:
    """The response to a failed request. The log line and the metrics get the error's code."""
    scope["state"]["code"] = error.code
    headers = {}
    if isinstance(error, ServiceError) and error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = 'Bearer realm="facecraft"'
    if isinstance(error, UnsupportedEncoding):
        headers["Accept-Encoding"] = "identity"
    return _response(problem_body(error, error.detail, error.limit), headers)


async def _handle_facecraft_error(request: Request, error: Exception) -> Response:
    return error_response(request.scope, cast("FacecraftError", error))


async def _handle_http_exception(request: Request, error: Exception) -> Response:
    error = cast("HTTPException", error)
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    request.state.code = code
    path: str = request.scope["path"]  # request.url is made of the Host header, too
    detail, hint = error.detail, PATHS_HINT
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"There is no {path}."
        wanted = path.rstrip("/")
        if wanted and wanted != path and wanted in request.app.state.paths:
            hint = f"Leave out the slash at the end: {wanted}."
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{path} does not take {request.state.method}."
    return _response(_body(error.status_code, code, detail, hint), error.headers)


async def _handle_disconnect(_request: Request, _error: Exception) -> Response:
    return Response(status_code=CLIENT_CLOSED_REQUEST)  # for the log; the client is gone


async def _handle_unexpected_error(request: Request, _error: Exception) -> Response:
    request.state.code = FacecraftError.code
    return _response(problem_body(FacecraftError, "The service failed on this request."))


def _body(status: int, code: str, detail: str, hint: str, limit: float | None = None) -> ProblemBody:
    members = problem(status, code, detail, hint, limit)
    return ProblemBody.model_validate(members | {"request_id": REQUEST_ID.get()})


def _response(body: ProblemBody, headers: "Mapping[str, str] | None" = None) -> Response:
    return Response(
        body.model_dump_json(exclude_none=True),
        status_code=body.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )
