"""A multipart body, part by part as its bytes arrive, within the limits that all forms share."""

from abc import ABC, abstractmethod

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from facecraft.errors import InvalidOption, RequestError

MAX_FIELDS = 32
MAX_FIELD_BYTES = 1024
EXAMPLE = "Send a form, as in: curl -F file=@portrait.jpg http://localhost:8000/process"


def boundary_of(request: Request) -> bytes:
    """What separates the parts of the request's body.

    Raises:
        InvalidOption: the body is not a form.
        RequestError: its head does not say.
    """
    media_type, parameters = parse_options_header(request.headers.get("content-type"))
    if media_type != b"multipart/form-data":
        raise InvalidOption("The body is not multipart/form-data.", hint=EXAMPLE)
    boundary = parameters.get(b"boundary")
    if not boundary:
        raise RequestError("The Content-Type names no boundary.", hint=EXAMPLE)
    return boundary


class Form(ABC):
    """Keeps the fields of one body; what is done with its files is the subclass's.

    Every method may raise InvalidOption, or RequestError where the body breaks the rules of multipart.

    Attributes:
        complete: the last boundary has come.
    """

    def __init__(self, boundary: bytes) -> None:
        self.complete = False
        self._fields: dict[str, bytearray] = {}
        self._name = ""
        self._in_file = False
        self._disposition = b""
        self._header_name = b""
        self._header_value = b""
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
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise _malformed(error) from error

    @property
    def fields(self) -> dict[str, str]:
        """Those that have come, by name."""
        return {name: _text(name, value) for name, value in self._fields.items()}

    def write(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _malformed(error) from error

    def require_complete(self) -> None:
        if not self.complete:
            raise RequestError("The multipart body breaks off before its last boundary.", hint=EXAMPLE)

    @abstractmethod
    def file_begins(self, name: str) -> None:
        """Of the part `file`, by the name that the client gave it."""

    @abstractmethod
    def file_goes_on(self, data: memoryview) -> None:
        """By a piece that is valid until this returns."""

    @abstractmethod
    def file_ends(self) -> None: ...

    def field_begins(self, name: str) -> None:
        if name in self._fields:
            raise InvalidOption(f"The option {name!r} is given more than once.")
        if len(self._fields) == MAX_FIELDS:
            raise InvalidOption(f"The form has more than {MAX_FIELDS} fields.", limit=MAX_FIELDS)
        self._fields[name] = bytearray()

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
        self._in_file = self._name == "file"
        if self._in_file:
            if b"filename" not in parameters:
                raise InvalidOption("The part named file holds text and not a file.", hint=EXAMPLE)
            self.file_begins(parameters[b"filename"].decode(errors="replace"))
        elif b"filename" in parameters:
            raise InvalidOption(f"The part {self._name!r} is a file; only file may be one.", hint=EXAMPLE)
        else:
            self.field_begins(self._name)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        piece = memoryview(data)[start:end]
        if self._in_file:
            self.file_goes_on(piece)
            return
        value = self._fields[self._name]
        if len(value) + len(piece) > MAX_FIELD_BYTES:
            raise InvalidOption(
                f"The option {self._name!r} is longer than {MAX_FIELD_BYTES} bytes.", limit=MAX_FIELD_BYTES
            )
        value += piece

    def _on_part_end(self) -> None:
        if self._in_file:
            self.file_ends()

    def _on_end(self) -> None:
        self.complete = True


def _malformed(error: FormParserError) -> RequestError:
    return RequestError(f"The multipart body is malformed: {error}.", hint=EXAMPLE)


def _text(name: str, value: bytearray) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise InvalidOption(f"The option {name!r} is not UTF-8.") from error
