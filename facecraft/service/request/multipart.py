"""Parse a multipart body while it arrives, within limits."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from facecraft.errors import InvalidOption, RequestError, UnsupportedEncoding
from facecraft.service.request.fields import MAX_FIELD_BYTES, reserve_field, too_long
from facecraft.service.request.files import FileBuffer, ReceivedFile
from facecraft.service.request.media import EXAMPLE, FORM
from facecraft.service.request.names import decode, parse_disposition

PLAIN_ENCODINGS = (b"", b"binary", b"8bit", b"7bit")


def parse_boundary(media_type: str, parameters: Mapping[bytes, bytes]) -> bytes:
    """Read the boundary between the parts of a body, by its type.

    Raises:
        InvalidOption: the body is not a form.
        RequestError: the Content-Type has no boundary.
    """
    if media_type != FORM:
        raise InvalidOption(f"The body is not {FORM}.", hint=EXAMPLE)
    boundary = parameters.get(b"boundary")
    if not boundary:
        raise RequestError("The Content-Type has no boundary.", hint=EXAMPLE)
    return boundary


class MultipartForm(ABC):
    """Collects the fields of one body. A subclass handles its files.

    Every method may raise InvalidOption, or RequestError if the body breaks the rules of multipart.

    Attributes:
        complete: whether the last boundary has arrived.
    """

    def __init__(self, boundary: bytes) -> None:
        self.complete = False
        self._fields: dict[str, bytearray] = {}
        self._field = bytearray()
        self._field_name = ""
        self._file: FileBuffer | None = None
        self._headers: dict[bytes, bytes] = {}
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
        """The fields so far, by name."""
        return {name: _decode(name, value) for name, value in self._fields.items()}

    @property
    def unfinished_file(self) -> str:
        """Name of the incomplete file; empty without one."""
        return "" if self._file is None else self._file.name

    def write(self, chunk: bytes) -> None:
        """Parse the next piece of the body."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _malformed(error) from error

    def validate_complete(self) -> None:
        """Raise RequestError if the last boundary has not arrived."""
        if not self.complete:
            raise RequestError("The multipart body breaks off before its last boundary.", hint=EXAMPLE)

    def close(self) -> None:
        """Free the file, the form and its parser.

        They refer to each other, so without this the memory waits for the garbage collector.
        """
        self._file = None
        del self._parser

    @abstractmethod
    def start_file(self, name: str) -> FileBuffer:
        """Handle the start of a part `file`, with the client's name for it."""

    @abstractmethod
    def write_file(self, file: FileBuffer, data: memoryview) -> None:
        """Handle a piece of the file. `data` is valid until this returns."""

    @abstractmethod
    def receive_file(self, file: ReceivedFile) -> None:
        """Handle a complete file."""

    def start_field(self, name: str) -> None:
        """Handle the start of any other part."""
        reserve_field(self._fields, name)
        self._field_name = name
        self._field = self._fields[name] = bytearray()

    def _on_part_begin(self) -> None:
        self._headers = {}

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        name, name_of_file = parse_disposition(self._headers.get(b"content-disposition", b""))
        if name is None:
            raise RequestError("A part of the form has no name.", hint=EXAMPLE)
        encoding = self._headers.get(b"content-transfer-encoding", b"").strip().lower()
        if encoding not in PLAIN_ENCODINGS:
            raise UnsupportedEncoding(
                f"The part {name!r} has the Content-Transfer-Encoding {decode(encoding)}."
            )
        is_file = name_of_file is not None or self._is_binary
        if name == "file":
            if not is_file:
                raise InvalidOption("The part named file is text and not a file.", hint=EXAMPLE)
            self._file = self.start_file(name_of_file or "")
        elif is_file:
            raise InvalidOption(f"The part {name!r} is a file. Only the part file may be one.", hint=EXAMPLE)
        else:
            self.start_field(name)

    @property
    def _is_binary(self) -> bool:
        """Whether the part declares that it is no text. A file needs no name (RFC 7578, section 4.2)."""
        media_type, _ = parse_options_header(self._headers.get(b"content-type"))
        return bool(media_type) and not media_type.startswith((b"text/", b"application/json"))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        piece = memoryview(data)[start:end]
        if self._file is not None:
            self.write_file(self._file, piece)
            return
        if len(self._field) + len(piece) > MAX_FIELD_BYTES:
            raise too_long(self._field_name)
        self._field += piece

    def _on_part_end(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            self.receive_file(file.finish())

    def _on_end(self) -> None:
        self.complete = True


def _malformed(error: FormParserError) -> RequestError:
    return RequestError(f"The multipart body is malformed: {error}.", hint=EXAMPLE)


def _decode(name: str, value: bytearray) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise InvalidOption(f"The option {name!r} is not UTF-8.") from error
