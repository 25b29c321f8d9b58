"""Receive the body of a request, within limits of size and time."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from math import ceil

from fastapi import Request
from starlette.requests import ClientDisconnect

from facecraft.errors import file_too_large
from facecraft.service.request.bodies import Body
from facecraft.service.request.deadline import UploadDeadline
from facecraft.service.request.files import ReceivedForm


async def read_form(
    request: Request,
    body: Body,
    max_file_bytes: int,
    deadline: UploadDeadline,
    reserve: Callable[[int], None],
) -> ReceivedForm:
    """Read the body of `request`.

    Args:
        request: its body must be unread.
        body: parses it, and is closed in the end.
        max_file_bytes: size limit of the file, for the error.
        deadline: for the client, because a slow one holds memory.
        reserve: called with the size of each piece before the piece is stored. It may raise.

    Raises:
        InvalidOption: there is no file, or there are several, or two options of the same name.
        RequestError: the body is cut off or malformed.
        UploadTooLarge: the file is larger than `max_file_bytes`.
        UploadTimeout: the client was too slow.
        UndecodableImage: the file is empty.
        ClientDisconnect: the client left.
    """
    with closing(body):
        declared = request.headers.get("content-length")
        # The HTTP parser accepts only digits here.
        if declared is not None and int(declared) > body.max_bytes:
            raise file_too_large(max_file_bytes, int(int(declared) * body.kept_share))
        received_bytes = 0
        more = True
        while more:
            chunk, more = await _receive_chunk(request, deadline)
            received_bytes += len(chunk)
            if received_bytes > body.max_bytes:
                raise file_too_large(max_file_bytes)
            reserve(ceil(len(chunk) * body.kept_share))
            body.write(chunk)
        return body.finish()


async def _receive_chunk(request: Request, deadline: UploadDeadline) -> tuple[bytes, bool]:
    """Receive the next piece of the body, and whether more follow."""
    try:
        async with asyncio.timeout_at(deadline.at):
            message = await request.receive()
    except TimeoutError as error:
        raise deadline.missed() from error
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    chunk = message.get("body", b"")
    deadline.record(len(chunk))
    return chunk, message.get("more_body", False)
