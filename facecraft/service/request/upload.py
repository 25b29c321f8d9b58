"""Read a form with one file and a few short fields into memory, within limits."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from facecraft.errors import InvalidOption, UploadTimeout, file_too_large
from facecraft.service.request.files import FileBuffer, ReceivedFile
from facecraft.service.request.multipart import EXAMPLE, MultipartForm, parse_boundary

OVERHEAD_BYTES = 64 * 1024
"""Largest number of bytes besides the file: all fields at their longest, and the headers of all parts."""


@dataclass(frozen=True, slots=True)
class ReceivedForm:
    """A complete form.

    Attributes:
        content: the file's bytes, never empty.
        fields: all other parts, by name.
        name: of the file, as sent by the client.
    """

    content: bytes
    fields: dict[str, str]
    name: str = ""


async def read_form(
    request: Request, max_file_bytes: int, timeout_s: float, reserve: Callable[[int], None]
) -> ReceivedForm:
    """Read the body of `request`.

    Args:
        request: its body must be unread.
        max_file_bytes: size limit of the file.
        timeout_s: time limit for the whole body, because a slow client holds memory.
        reserve: called with the size of each chunk before the chunk is stored. It may raise.

    Raises:
        InvalidOption: the form has no or several parts `file`, or two fields of the same name.
        RequestError: the form is cut off or breaks the rules of multipart.
        UploadTooLarge: the file is larger than `max_file_bytes`.
        UploadTimeout: the body took too long.
        UndecodableImage: the file is empty.
        ClientDisconnect: the client left.
    """
    limit_bytes = max_file_bytes + OVERHEAD_BYTES
    deadline = asyncio.get_running_loop().time() + timeout_s
    with closing(SingleFileForm(parse_boundary(request), max_file_bytes)) as form:
        declared = request.headers.get("content-length")
        # The HTTP parser accepts only digits here.
        if declared is not None and int(declared) > limit_bytes:
            raise file_too_large(max_file_bytes, int(declared))
        received_bytes = 0
        more = True
        while more:
            chunk, more = await _receive_chunk(request, deadline, timeout_s)
            received_bytes += len(chunk)
            if received_bytes > limit_bytes:
                raise file_too_large(max_file_bytes)
            reserve(len(chunk))
            form.write(chunk)
        return form.finish()


async def _receive_chunk(request: Request, deadline: float, timeout_s: float) -> tuple[bytes, bool]:
    """Receive the next piece of the body, and whether more follow."""
    try:
        async with asyncio.timeout_at(deadline):
            message = await request.receive()
    except TimeoutError as error:
        raise UploadTimeout(f"The upload took over {timeout_s:g} seconds.", limit=timeout_s) from error
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


class SingleFileForm(MultipartForm):
    """A form with one file."""

    def __init__(self, boundary: bytes, max_file_bytes: int) -> None:
        super().__init__(boundary)
        self._max_file_bytes = max_file_bytes
        self._started = False
        self._received: ReceivedFile | None = None

    def start_file(self, name: str) -> FileBuffer:
        if self._started:
            raise InvalidOption(
                "The form has more than one part named file.", hint="Send one file in each request."
            )
        self._started = True
        return FileBuffer(name, self._max_file_bytes)

    def write_file(self, file: FileBuffer, data: memoryview) -> None:
        file.write(data)

    def receive_file(self, file: ReceivedFile) -> None:
        self._received = file

    def finish(self) -> ReceivedForm:
        """Return the complete form."""
        self.validate_complete()
        if self._received is None:
            raise InvalidOption("The form has no part named file.", hint=EXAMPLE)
        if self._received.problem is not None:
            raise self._received.problem
        return ReceivedForm(self._received.content, self.fields, self._received.name)
