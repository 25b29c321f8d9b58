"""The routes for one photo."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from typing import TypeVar

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from facecraft.cancellation import Cancellation
from facecraft.errors import InvalidOption
from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.service.batch.archive import ArchiveResponse, archive
from facecraft.service.openapi import CHECK, DETECT, PROCESS
from facecraft.service.portrayal import count, portray
from facecraft.service.request.bodies import open_body
from facecraft.service.request.deadline import UploadDeadline
from facecraft.service.request.fields import parse_options
from facecraft.service.request.files import ReceivedForm
from facecraft.service.request.negotiation import prefers_json
from facecraft.service.request.upload import read_form
from facecraft.service.response.findings import check_response, detection_response, portrait_response
from facecraft.service.response.portrait import PortraitResponse
from facecraft.service.state import Service, ServiceDep

T = TypeVar("T")

router = APIRouter()


@router.post("/process", response_class=Response, **PROCESS)
async def process(request: Request, service: ServiceDep) -> Response:
    """Answer with the portrait as an image, or as JSON if Accept prefers `application/json`.

    With `each=true` the answer is a ZIP: a portrait of each face, then manifest.json and manifest.csv.
    """
    as_json = prefers_json(request.headers.getlist("accept"))
    runtime = service.ensure_ready()
    pipeline = runtime.pipeline
    async with receive_form(request, service) as form:
        options = parse_options(form.fields)
        cancellation = Cancellation(seconds=runtime.deadline_s)
        if options.each:
            return await _process_each(request, service, form, options, cancellation, as_json=as_json)
        with ExitStack() as place:
            room = place.enter_context(service.answers.room())

            def work() -> PortraitResponse:
                portrait = pipeline.process(
                    form.content, options, cancellation, judge=as_json, reserve=room.take
                )
                # Without the file: uvicorn keeps the state as long as the connection.
                request.state.findings = replace(portrait, data=b"")
                return portrait_response(portrait, as_json=as_json)

            response = await _run_in_place(request, service, work, place, cancellation)
            return response.keep(place.pop_all(), room)


async def _run_in_place(
    request: Request, service: Service, work: Callable[[], T], place: ExitStack, cancellation: Cancellation
) -> T:
    """Run work that needs a place. If nobody waits for it any more, it keeps the place until it has ended."""
    running: list[asyncio.Future[T]] = []
    try:
        return await _run(request, service, work, cancellation, running.append)
    except BaseException:
        if running:
            kept = place.pop_all()
            running[-1].add_done_callback(lambda _: kept.close())
        raise


async def _run(
    request: Request,
    service: Service,
    work: Callable[[], T],
    cancellation: Cancellation,
    on_start: Callable[[asyncio.Future[T]], None] | None = None,
) -> T:
    """Run work in a worker, as long as the client waits for it and its deadline is not over."""
    try:
        return await await_connected(request, service.admission.run(work, on_start))
    finally:
        cancellation.cancel()  # after the deadline or a disconnect, the work stops at its next face or tile


async def _process_each(
    request: Request,
    service: Service,
    form: ReceivedForm,
    options: Options,
    cancellation: Cancellation,
    *,
    as_json: bool,
) -> Response:
    """Answer with a ZIP. It takes the place of a batch, because it may be as large."""
    if as_json:
        raise InvalidOption(
            "With each=true the answer is a ZIP, not JSON.",
            hint="Omit the header Accept, or ask for one face after another with face=1, face=2 and so on.",
        )
    pipeline, limit_bytes = service.ensure_ready().pipeline, service.portraits_bytes
    with ExitStack() as kept:
        place = await service.places.enter(request.scope["state"].get("key"))
        kept.callback(place.leave)

        def work() -> Iterator[bytes]:
            made = portray(pipeline, form.content, options, cancellation, limit_bytes=limit_bytes)
            results = [each.result for each in made]
            count(service.metrics, results)
            failed = sum(not isinstance(result, Portrait) for result in results)
            request.state.batch = {"portraits": len(made) - failed, "failed": failed}
            return archive(form.name, made)

        parts = await _run_in_place(request, service, work, kept, cancellation)
        return ArchiveResponse(parts, place, kept.pop_all())


@router.post("/detect", response_class=Response, **DETECT)
async def detect(request: Request, service: ServiceDep) -> Response:
    """Answer with the faces of a photo. Nothing is restored."""
    runtime = service.ensure_ready()
    async with receive_form(request, service) as form:
        for name in form.fields:
            raise InvalidOption(f"There is no option {name!r}: /detect takes only the file.")

        cancellation = Cancellation(seconds=runtime.deadline_s)

        def work() -> Response:
            detection = runtime.pipeline.detect(form.content, cancellation)
            request.state.findings = detection
            return detection_response(detection)

        return await _run(request, service, work, cancellation)


@router.post("/check", response_class=Response, **CHECK)
async def check(request: Request, service: ServiceDep) -> Response:
    """Judge a photo by the rules of a preset, or by good practice without a preset.

    The photo is not changed.
    """
    runtime = service.ensure_ready()
    async with receive_form(request, service) as form:
        for name in form.fields:
            if name != "preset":
                raise InvalidOption(f"There is no option {name!r}: /check takes only the file and a preset.")
        options = parse_options(form.fields)
        cancellation = Cancellation(seconds=runtime.deadline_s)

        def work() -> Response:
            result = runtime.pipeline.check(form.content, options, cancellation)
            request.state.findings = result
            return check_response(result)

        return await _run(request, service, work, cancellation)


@asynccontextmanager
async def receive_form(request: Request, service: Service) -> AsyncIterator[ReceivedForm]:
    """Receive the request's body. Its memory is counted until the block ends."""
    settings = service.settings
    body = open_body(request, settings.max_upload_bytes)
    service.admission.ensure_capacity()  # before reading the body, so that nobody uploads for nothing
    with service.uploads.share() as reserve:

        def reserve_piece(size_bytes: int) -> None:
            service.ensure_receiving()
            reserve(size_bytes)

        deadline = UploadDeadline(settings.upload_timeout_s, settings.min_upload_rate)
        yield await read_form(request, body, settings.max_upload_bytes, deadline, reserve_piece)


async def await_connected(request: Request, answer: Awaitable[T]) -> T:
    """Await `answer`; when the client leaves, cancel it and raise ClientDisconnect."""
    answering = asyncio.ensure_future(answer)
    disconnect = asyncio.ensure_future(request.receive())  # after the body, only a disconnect can arrive
    try:
        await asyncio.wait({answering, disconnect}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            raise ClientDisconnect
        return answering.result()
    finally:
        answering.cancel()
        disconnect.cancel()
