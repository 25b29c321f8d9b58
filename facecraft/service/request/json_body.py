"""A JSON object with a photo as base64 and its options."""

import json
from collections.abc import Mapping, Sequence

from facecraft.errors import InvalidOption, RequestError
from facecraft.service.request.base64_text import Base64Text
from facecraft.service.request.fields import OVERHEAD_BYTES, add_field, merge_fields
from facecraft.service.request.files import FileBuffer, ReceivedForm

PHOTO = b'"file"'
PHOTO_BYTES = 256
"""Longest text that announces the photo, with its blanks."""
EXAMPLE = 'Send an object like {"file": "BASE64", "preset": "badge"}.'
QUOTE, BACKSLASH, OPEN = ord('"'), ord("\\"), b"{["
OPENERS = (b"{", b",")

Members = Sequence[tuple[str, object]]


class JsonBody:
    """Collects the object. The photo is decoded while it arrives, so that its base64 is never kept.

    The text around the photo is short. It is read in the end, with an empty text instead of the photo.

    Args:
        query: the fields in the query string.
        max_file_bytes: size limit of the photo, decoded.
    """

    kept_share = 0.75  # base64 has four characters for three bytes

    def __init__(self, query: Mapping[str, str], max_file_bytes: int) -> None:
        self.max_bytes = 2 * max_file_bytes + OVERHEAD_BYTES  # with line breaks and escapes in the base64
        self._query = query
        self._max_file_bytes = max_file_bytes
        self._rest = bytearray()
        self._opened = 0
        self._in_string = False
        self._escaped = False
        self._file: FileBuffer | None = None
        self._base64: Base64Text | None = None

    def write(self, chunk: bytes) -> None:
        start = 0
        while start < len(chunk):
            start = self._read_rest(chunk, start) if self._base64 is None else self._read_photo(chunk, start)

    def finish(self) -> ReceivedForm:
        fields = self._read_fields()
        if self._file is None:
            raise InvalidOption("The JSON has no member file with base64.", hint=EXAMPLE)
        return ReceivedForm.of(self._file.finish(), merge_fields(fields, self._query))

    def close(self) -> None:
        self._file = None

    def _read_rest(self, chunk: bytes, start: int) -> int:
        """Read up to the photo. Return where the photo or the end of the chunk is."""
        for index in range(start, len(chunk)):
            byte = chunk[index]
            self._rest.append(byte)
            if self._in_string:
                self._in_string = self._escaped or byte != QUOTE
                self._escaped = byte == BACKSLASH and not self._escaped
            elif byte == QUOTE:
                if self._is_photo_next():
                    self._start_photo()
                    return index + 1
                self._in_string = True
            elif byte in OPEN:
                self._opened += 1
            if self._opened > 1 or len(self._rest) > OVERHEAD_BYTES:
                raise self._refusal()
        return len(chunk)

    def _is_photo_next(self) -> bool:
        """Whether the quote that was just read follows `{"file":` or `,"file":`, with blanks or without."""
        before = self._rest[-PHOTO_BYTES:-1].rstrip()
        name = before[:-1].rstrip()
        return before.endswith(b":") and name.endswith(PHOTO) and name[: -len(PHOTO)].rstrip()[-1:] in OPENERS

    def _start_photo(self) -> None:
        if self._file is not None:
            raise InvalidOption("The JSON has more than one member file.", hint=EXAMPLE)
        self._file = FileBuffer("", self._max_file_bytes)
        self._base64 = Base64Text()

    def _read_photo(self, chunk: bytes, start: int) -> int:
        """Decode up to the end of the photo or of the chunk, and return where that is."""
        assert self._file is not None  # noqa: S101  # `_start_photo` sets both
        assert self._base64 is not None  # noqa: S101
        end = chunk.find(QUOTE, start)
        text = chunk[start:] if end < 0 else chunk[start:end]
        self._file.write(memoryview(self._base64.decode(text)))
        if end < 0:
            return len(chunk)
        self._file.write(memoryview(self._base64.finish()))
        self._base64 = None
        self._rest.append(QUOTE)
        return end + 1

    def _refusal(self) -> RequestError:
        if self._opened > 1:
            return InvalidOption(
                "The JSON has a list or an object as a member.",
                hint="Send texts, numbers, true or false, as in a form.",
            )
        return InvalidOption(
            f"The JSON has more than {OVERHEAD_BYTES} bytes besides the member file.",
            hint=f'{EXAMPLE[:-1]}, in UTF-8 and with the name "file" as it stands here.',
            limit=OVERHEAD_BYTES,
        )

    def _read_fields(self) -> dict[str, str]:
        try:
            members = json.loads(
                self._rest.decode("utf-8-sig"),
                object_pairs_hook=tuple,
                parse_int=str,
                parse_float=str,
                parse_constant=str,
            )
        except ValueError as error:
            raise RequestError(f"The JSON is malformed: {_reason(error)}.", hint=EXAMPLE) from error
        if not isinstance(members, tuple):
            raise RequestError("The body is not a JSON object.", hint=EXAMPLE)
        return _fields(members)


def _fields(members: Members) -> dict[str, str]:
    """The options among the members, as a form has them. null is not given."""
    fields: dict[str, str] = {}
    if sum(name == "file" for name, _ in members) > 1:
        raise InvalidOption("The JSON has more than one member file.", hint=EXAMPLE)
    for name, value in members:
        if name == "file":
            if value != "":
                raise InvalidOption("The member file is not base64.", hint=EXAMPLE)
        elif value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            add_field(fields, name, text)
    return fields


def _reason(error: ValueError) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else "it is not UTF-8"
