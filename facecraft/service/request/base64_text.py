"""Decode base64 while it arrives."""

import binascii
import json

from facecraft.errors import RequestError

ALPHABET = bytes.maketrans(b"-_", b"+/")
"""The alphabet for addresses, which some programs use, to the usual one."""
BLANKS = b" \t\r\n"
ESCAPE_BYTES = 6
"""Longest escape in a JSON string."""
DATA_PREFIX = b"data:"
MAX_PREFIX_BYTES = 256


class Base64Text:
    r"""Decodes the text of a JSON string: base64 with or without padding, or a `data:` URL with it.

    JSON's escapes are resolved: PHP writes every slash as `\/`, .NET every plus as `\u002B`. Line breaks,
    which `base64` and MIME encoders make, are left out.

    Every method raises RequestError if the text is not base64.
    """

    def __init__(self) -> None:
        self._escape = b""
        self._pending = b""
        self._in_prefix = True
        self._padded = False

    def decode(self, text: bytes) -> bytes:
        """Decode the next piece of the text."""
        text = self._escape + text
        start = text.rfind(b"\\", -ESCAPE_BYTES)
        whole = len(text) if start < 0 or _is_whole(text[start:]) else start
        self._escape = text[whole:]
        return self._decode(_unescape(text[:whole]))

    def finish(self) -> bytes:
        """Decode what is left at the end of the text."""
        if self._escape or (self._in_prefix and self._pending.startswith(DATA_PREFIX)):
            raise _invalid()
        self._in_prefix = False
        return self._decode(b"=" * (-len(self._pending) % 4) if self._pending else b"")

    def _decode(self, text: bytes) -> bytes:
        data = self._pending + text.translate(ALPHABET, BLANKS)
        if self._in_prefix:
            data = self._skip_prefix(data)
        if self._in_prefix:
            self._pending = data
            return b""
        whole = len(data) - len(data) % 4
        self._pending = data[whole:]
        if (self._padded and data) or b"===" in data[:whole]:
            raise _invalid()
        self._padded = self._padded or data[:whole].endswith(b"=")
        try:
            return binascii.a2b_base64(data[:whole], strict_mode=True)
        except binascii.Error as error:
            raise _invalid() from error

    def _skip_prefix(self, data: bytes) -> bytes:
        """Remove the beginning of a `data:` URL, up to its comma, once it has arrived."""
        if len(data) < len(DATA_PREFIX):
            return data
        if not data.startswith(DATA_PREFIX):
            self._in_prefix = False
            return data
        prefix, comma, rest = data.partition(b",")
        if len(prefix) > MAX_PREFIX_BYTES or (comma and not prefix.endswith(b";base64")):
            raise _invalid()
        self._in_prefix = not comma
        return rest if comma else data


def _is_whole(escape: bytes) -> bool:
    return len(escape) >= (ESCAPE_BYTES if escape[1:2] == b"u" else 2)


def _unescape(text: bytes) -> bytes:
    if b"\\" not in text:
        return text
    try:
        unescaped: str = json.loads(b'"' + text + b'"', strict=False)
        return unescaped.encode("ascii")
    except ValueError as error:
        raise _invalid() from error


def _invalid() -> RequestError:
    return RequestError("The photo in the JSON is not base64.", hint="Send its bytes as base64 (RFC 4648).")
