"""The name of a file, out of a Content-Disposition."""

import re
from email.errors import HeaderParseError
from email.header import decode_header
from urllib.parse import unquote_to_bytes

from python_multipart.multipart import parse_options_header

PARAMETER = re.compile(r';\s*([^=;\s]+)\s*=\s*("(?:\\.|[^"\\])*"|[^;]*)')
ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[bq]\?[^?\s]*\?=", re.IGNORECASE)


def file_name(disposition: bytes) -> str | None:
    """The file's name as its user reads it; None without one.

    `filename*` (RFC 5987) comes before `filename`, which may have encoded words (RFC 2047). Browsers use
    neither; .NET and mail programs do. RFC 7578 forbids both in forms, but a name is only shown.
    """
    extended = _extended(disposition.decode("latin-1"))
    if extended:
        return extended
    _, parameters = parse_options_header(disposition)
    plain = parameters.get(b"filename")
    return None if plain is None else _decode_words(decode(plain))


def decode(text: bytes) -> str:
    """UTF-8, or else the encoding of old Windows programs."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", errors="replace")


def _extended(disposition: str) -> str | None:
    """The parameter `filename*`: charset'language'percent-encoded; None without one that can be read."""
    parameters = {match[1].lower(): match[2] for match in PARAMETER.finditer(disposition)}
    charset, mark, rest = parameters.get("filename*", "").strip('" \t').partition("'")
    _, second_mark, value = rest.partition("'")
    if not mark or not second_mark:
        return None
    try:
        return unquote_to_bytes(value).decode(charset)
    except (LookupError, UnicodeDecodeError):
        return None


def _decode_words(name: str) -> str:
    if not ENCODED_WORD.search(name):
        return name
    try:
        words = [
            word if isinstance(word, str) else word.decode(charset or "latin-1")
            for word, charset in decode_header(name)
        ]
        return "".join(words) or name
    except (HeaderParseError, LookupError, UnicodeDecodeError):
        return name
