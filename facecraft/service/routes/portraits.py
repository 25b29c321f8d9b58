"""What the service is for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import APIRouter, Depends, Request, Response
from starlette.requests import ClientDisconnect

from facecraft.cancellation import Cancellation
from facecraft.errors import InvalidOption, Unauthorized
from facecraft.service.openapi import CHECK, DETECT, PROCESS, problems
from facecraft.service.request.access import authorize
from facecraft.service.request.fields import merged, named_in, options_of
from facecraft.service.request.negotiation import prefers_json
from facecraft.service.request.upload import Upload, read_upload
from facecraft.service.response.answers import check_response, detection_response, portrait_response
from facecraft.service.response.schemas import PresetBody, PresetsBody
from facecraft.service.state import Service, ServiceDep

T = TypeVar("T")

router = APIRouter(dependencies=[Depends(authorize)])


@router.post("/process", response_class=Response, **PROCESS)
async def process(request: Request, service: ServiceDep) -> Response:
    """The finished portrait as an image, or as JSON where Accept prefers `application/json`."""
    as_json = prefers_json(request.headers.getlist("accept"))
    pipeline = service.require_ready().pipeline
    async with _admitted(request, service) as upload:
        options = options_of(upload.fields)

        cancellation = Cancellation()

        def work() -> Response:
            portrait = pipeline.process(bytes(upload.file), options, cancellation, judge=as_json)
            request.state.done = portrait
            return portrait_response(portrait, as_json=as_json)

        try:
            return await _while_connected(request, service.admission.run(work))
        finally:
            cancellation.cancel()  # the deadline is over, or the client left


@router.post("/detect", response_class=Response, **DETECT)
async def detect(request: Request, service: ServiceDep) -> Response:
    """The faces of a photo; nothing is restored."""
    pipeline = service.require_ready().pipeline
    async with _admitted(request, service) as upload:
        for name in upload.fields:
            raise InvalidOption(f"There is no option {name!r}: /detect takes the file alone.")

        def work() -> Response:
            detection = pipeline.detect(bytes(upload.file))
            request.state.done = detection
            return detection_response(detection)

        return await _while_connected(request, service.admission.run(work))


@router.post("/check", response_class=Response, **CHECK)
async def check(request: Request, service: ServiceDep) -> Response:
    """Whether a photo is what a preset, or good practice, asks for, rule by rule; nothing is changed."""
    pipeline = service.require_ready().pipeline
    async with _admitted(request, service) as upload:
        for name in upload.fields:
            if name != "preset":
                raise InvalidOption(f"There is no option {name!r}: /check takes the file and a preset.")
        options = options_of(upload.fields)

        def work() -> Response:
            checked = pipeline.check(bytes(upload.file), options)
            request.state.done = checked
            return check_response(checked)

        return await _while_connected(request, service.admission.run(work))


@router.get("/presets", summary="Which presets are there?", responses=problems(Unauthorized))
async def presets(service: ServiceDep) -> PresetsBody:
    """Everything that `preset` may be, with its rules, their source and their date."""
    return PresetsBody(presets=[PresetBody.model_validate(each) for each in service.presets.values()])


@asynccontextmanager
async def _admitted(request: Request, service: Service) -> AsyncIterator[Upload]:
    """The request's body, if there is room for it; its memory is accounted for until the block ends."""
    named = named_in(request)
    service.admission.require_room()  # before the body is read, so that nobody uploads for nothing
    with service.uploads.share() as take:
        settings = service.settings
        upload = await read_upload(request, settings.max_upload_bytes, settings.upload_timeout_s, take)
        yield Upload(upload.file, merged(upload.fields, named))


async def _while_connected(request: Request, answer: Awaitable[T]) -> T:
    """Await `answer`, or cancel it and raise ClientDisconnect when the client leaves."""
    answering = asyncio.ensure_future(answer)
    leaving = asyncio.ensure_future(request.receive())  # after the body, nothing else is received
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            raise ClientDisconnect
        return answering.result()
    finally:
        answering.cancel()
        leaving.cancel()
