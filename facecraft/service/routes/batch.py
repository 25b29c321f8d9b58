"""The route of batches."""

from fastapi import APIRouter, Depends, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from facecraft.service.batch.batch import Batch
from facecraft.service.openapi import BATCH
from facecraft.service.protocol import ABORT
from facecraft.service.request.access import authorize
from facecraft.service.request.fields import named_in
from facecraft.service.request.multipart import boundary_of
from facecraft.service.state import Service, ServiceDep

router = APIRouter(dependencies=[Depends(authorize)])


@router.post("/batch", response_class=Response, **BATCH)
async def batch(request: Request, service: ServiceDep) -> Response:
    """A ZIP with a portrait for each photo, in order, and manifest.json and manifest.csv at its end.

    The options come before the first file. It is sent while it is made, so read it while you send.
    """
    service.require_ready()
    return _Answer(service, boundary_of(request), named_in(request))


class _Answer(Response):
    """One that reads the request itself; Starlette's that stream would take pieces of the body away."""

    def __init__(self, service: Service, boundary: bytes, named: dict[str, str]) -> None:
        self.background = None
        self._service = service
        self._boundary = boundary
        self._named = named

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        batch = Batch(self._service, self._boundary, self._named, receive, send)
        answer = batch.answer
        try:
            with self._service.batch():
                await batch.to_its_end()
        except ClientDisconnect:
            if not answer.started:
                raise
            scope["state"][ABORT]()
            await batch.gone()
        finally:
            failed = sum(entry.status == "failed" for entry in answer.entries)
            scope["state"]["batch"] = {"files": len(answer.entries), "failed": failed}
