"""The route of batches."""

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from facecraft.service.batch.batch import Batch
from facecraft.service.openapi import BATCH
from facecraft.service.request.fields import query_preset
from facecraft.service.request.media import body_type
from facecraft.service.request.multipart import parse_boundary
from facecraft.service.scope import READS_ON
from facecraft.service.state import Service, ServiceDep

router = APIRouter()


@router.post("/batch", response_class=Response, **BATCH)
async def batch(request: Request, service: ServiceDep) -> Response:
    """Answer with a ZIP: a portrait for each photo, in order, then manifest.json and manifest.csv.

    Send the options before the first file. Read the response while you send: it starts before the last photo
    arrives.
    """
    service.ensure_ready()
    return BatchResponse(service, parse_boundary(*body_type(request)), query_preset(request))


class BatchResponse(Response):
    """Reads the request's body itself. Starlette's streaming response would also read parts of it."""

    def __init__(self, service: Service, boundary: bytes, query: dict[str, str]) -> None:
        self.background = None
        self._service = service
        self._boundary = boundary
        self._query = query

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        batch = Batch(self._service, self._boundary, self._query, receive, send)
        scope["state"][READS_ON] = True
        try:
            await batch.run(scope["state"].get("key"))
        except ClientDisconnect:
            if not batch.response.started:
                raise
        finally:
            scope["state"]["batch"] = batch.counts()
