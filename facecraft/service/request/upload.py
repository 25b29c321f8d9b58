"""Reading a multipart body: in memory only, within limits, one file and a few short fields."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect

from facecraft.errors import InvalidOption, UndecodableImage, UploadTimeout, UploadTooLarge
from facecraft.service.request.multipart import EXAMPLE, Form, boundary_of

OVERHEAD_BYTES = 64 * 1024
"""What a body may have beside the file's bytes: every field at its longest, and their headers."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A read body.

    Attributes:
        file: never empty.
        fields: all the others, by name.
    """

    file: bytearray
    fields: dict[str, str]


async def read_upload(
    request: Request, max_file_bytes: int, timeout_s: float, take: Callable[[int], None]
) -> Upload:
    """Read the body of `request`.

    Args:
        request: nothing of its body was read yet.
        max_file_bytes: largest file.
        timeout_s: how long the body may take in all; a byte now and then would hold its memory for ever.
        take: told the size of each chunk before it is kept; it may raise.

    Raises:
        InvalidOption: not a form, or not one with one part `file` and fields that differ by name.
        RequestError: a form that breaks off or breaks the rules of multipart.
        UploadTooLarge: more than `max_file_bytes`.
        UploadTimeout: the body took too long.
        UndecodableImage: an empty file.
        ClientDisconnect: the client left.
    """
    form = _Form(boundary_of(request), max_file_bytes)
    limit_bytes = max_file_bytes + OVERHEAD_BYTES
    declared = request.headers.get("content-length")
    # The HTTP parser has refused anything but digits.
    if declared is not None and int(declared) > limit_bytes:
        raise too_large(max_file_bytes)
    received_bytes = 0
    async for chunk in _chunks(request, timeout_s):
        received_bytes += len(chunk)
        if received_bytes > limit_bytes:
            raise too_large(max_file_bytes)
        take(len(chunk))
        form.write(chunk)
    return form.finish()


async def _chunks(request: Request, timeout_s: float) -> AsyncIterator[bytes]:
    more = True
    until = asyncio.get_running_loop().time() + timeout_s
    while more:
        try:
            async with asyncio.timeout_at(until):
                message = await request.receive()
        except TimeoutError as error:
            raise UploadTimeout(f"The upload took over {timeout_s:g} seconds.", limit=timeout_s) from error
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        yield message.get("body", b"")


def too_large(limit_bytes: int) -> UploadTooLarge:
    return UploadTooLarge(f"The file is larger than {limit_bytes} bytes.", limit=limit_bytes)


class _Form(Form):
    """One with one file."""

    def __init__(self, boundary: bytes, max_file_bytes: int) -> None:
        super().__init__(boundary)
        self._max_file_bytes = max_file_bytes
        self._file: bytearray | None = None

    def finish(self) -> Upload:
        self.require_complete()
        if self._file is None:
            raise InvalidOption("The form has no part named file.", hint=EXAMPLE)
        if not self._file:
            raise UndecodableImage("The file is empty.")
        return Upload(self._file, self.fields)

    def file_begins(self, name: str) -> None:  # noqa: ARG002  # it means nothing
        if self._file is not None:
            raise InvalidOption(
                "The form has more than one part named file.", hint="Send one file a request."
            )
        self._file = bytearray()

    def file_goes_on(self, data: memoryview) -> None:
        assert self._file is not None  # noqa: S101  # it has begun
        if len(self._file) + len(data) > self._max_file_bytes:
            raise too_large(self._max_file_bytes)
        self._file += data

    def file_ends(self) -> None:
        pass
