"""Reading a multipart body: in memory only, within limits, one file and a few short fields."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from facecraft.errors import InvalidOption, RequestError, UndecodableImage, UploadTimeout, UploadTooLarge

MAX_FIELDS = 32
MAX_FIELD_BYTES = 1024
OVERHEAD_BYTES = 64 * 1024
"""What a body may have beside the file's bytes: every field at its longest, and their headers."""
EXAMPLE = "Send a form, as in: curl -F file=@portrait.jpg http://localhost:8000/process"


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
    form = _Form(_boundary(request), max_file_bytes)
    limit_bytes = max_file_bytes + OVERHEAD_BYTES
    declared = request.headers.get("content-length")
    # The HTTP parser has refused anything but digits.
    if declared is not None and int(declared) > limit_bytes:
        raise _too_large(max_file_bytes)
    received_bytes = 0
    async for chunk in _chunks(request, timeout_s):
        received_bytes += len(chunk)
        if received_bytes > limit_bytes:
            raise _too_large(max_file_bytes)
        take(len(chunk))
        form.write(chunk)
    return form.finish()


def _boundary(request: Request) -> bytes:
    media_type, parameters = parse_options_header(request.headers.get("content-type"))
    if media_type != b"multipart/form-data":
        raise InvalidOption("The body is not multipart/form-data.", hint=EXAMPLE)
    boundary = parameters.get(b"boundary")
    if not boundary:
        raise RequestError("The Content-Type names no boundary.", hint=EXAMPLE)
    return boundary


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


def _too_large(limit_bytes: int) -> UploadTooLarge:
    return UploadTooLarge(f"The file is larger than {limit_bytes} bytes.", limit=limit_bytes)


class _Form:
    """The parts of one body, collected as its bytes arrive."""

    def __init__(self, boundary: bytes, max_file_bytes: int) -> None:
        self._max_file_bytes = max_file_bytes
        self._file: bytearray | None = None
        self._fields: dict[str, bytearray] = {}
        self._name = ""
        self._content = bytearray()
        self._disposition = b""
        self._header_name = b""
        self._header_value = b""
        self._complete = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise _malformed(error) from error

    def write(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _malformed(error) from error

    def finish(self) -> Upload:
        if not self._complete:
            raise RequestError("The multipart body breaks off before its last boundary.", hint=EXAMPLE)
        if self._file is None:
            raise InvalidOption("The form has no part named file.", hint=EXAMPLE)
        if not self._file:
            raise UndecodableImage("The file is empty.")
        return Upload(self._file, {name: _text(name, value) for name, value in self._fields.items()})

    def _on_part_begin(self) -> None:
        self._disposition = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        _, parameters = parse_options_header(self._disposition)
        if b"name" not in parameters:
            raise RequestError("A part of the form has no name.", hint=EXAMPLE)
        self._name = parameters[b"name"].decode(errors="replace")
        self._content = bytearray()
        if self._name == "file":
            self._open_file(is_file=b"filename" in parameters)
        elif b"filename" in parameters:
            raise InvalidOption(f"The part {self._name!r} is a file; only file may be one.", hint=EXAMPLE)
        elif self._name in self._fields:
            raise InvalidOption(f"The option {self._name!r} is given more than once.")
        elif len(self._fields) == MAX_FIELDS:
            raise InvalidOption(f"The form has more than {MAX_FIELDS} fields.", limit=MAX_FIELDS)
        else:
            self._fields[self._name] = self._content

    def _open_file(self, *, is_file: bool) -> None:
        if not is_file:
            raise InvalidOption("The part named file holds text and not a file.", hint=EXAMPLE)
        if self._file is not None:
            raise InvalidOption(
                "The form has more than one part named file.", hint="Send one file a request."
            )
        self._file = self._content

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        size = len(self._content) + end - start
        if self._content is self._file:
            if size > self._max_file_bytes:
                raise _too_large(self._max_file_bytes)
        elif size > MAX_FIELD_BYTES:
            raise InvalidOption(
                f"The option {self._name!r} is longer than {MAX_FIELD_BYTES} bytes.", limit=MAX_FIELD_BYTES
            )
        self._content += memoryview(data)[start:end]

    def _on_end(self) -> None:
        self._complete = True


def _malformed(error: FormParserError) -> RequestError:
    return RequestError(f"The multipart body is malformed: {error}.", hint=EXAMPLE)


def _text(name: str, value: bytearray) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise InvalidOption(f"The option {name!r} is not UTF-8.") from error
