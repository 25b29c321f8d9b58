"""The names in a Content-Disposition: of a field, and of a file."""

import re
from email.errors import HeaderParseError
from email.header import decode_header
from urllib.parse import unquote_to_bytes

from python_multipart.multipart import parse_options_header

PARAMETER = re.compile(r';\s*([^=;\s]+)\s*=\s*("(?:\\.|[^"\\])*"|[^;]*)')
CHARSETS = frozenset(
    [
        *("utf-8", "utf8", "us-ascii", "ascii", "latin1", "koi8-r", "koi8-u"),
        *(f"iso-8859-{part}" for part in (*range(1, 12), *range(13, 17))),
        *(f"{vendor}{page}" for vendor in ("windows-", "cp") for page in range(1250, 1259)),
        *("iso-2022-jp", "shift_jis", "euc-jp", "euc-kr", "gb2312", "gbk", "gb18030", "big5"),
    ]
)
"""Those that mail programs use. Python has more, of which some decode no bytes and some are no charsets, and
remembers for ever each name that it has looked for in vain."""
ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[bq]\?[^?\s]*\?=", re.IGNORECASE)


def parse_disposition(disposition: bytes) -> tuple[str | None, str | None]:
    """The field's name, and the file's name as its user reads it; None where there is none.

    `filename*` (RFC 5987) comes before `filename`, which may have encoded words (RFC 2047). Browsers use
    neither; .NET and mail programs do. RFC 7578 forbids both in forms, but a name is only shown.
    """
    _, parameters = parse_options_header(disposition)
    name, plain = parameters.get(b"name"), parameters.get(b"filename")
    file = _extended(disposition.decode("latin-1")) or None
    if file is None and plain is not None:
        file = _decode_words(decode(plain))
    return None if name is None else decode(name), file


def file_name(disposition: bytes) -> str | None:
    """The file's name alone."""
    return parse_disposition(disposition)[1]


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
    return _decode_as(charset, unquote_to_bytes(value))


def _decode_words(name: str) -> str:
    """The name with its encoded words decoded; as it is if one of them cannot be."""
    if not ENCODED_WORD.search(name):
        return name
    try:
        parts = decode_header(name)
    except (HeaderParseError, ValueError):
        return name
    words: list[str] = []
    for part, charset in parts:
        word = part if isinstance(part, str) else _decode_as(charset or "latin1", part)
        if word is None:
            return name
        words.append(word)
    return "".join(words) or name


def _decode_as(charset: str, text: bytes) -> str | None:
    """The text; None if it is not in this charset, or the charset none of CHARSETS."""
    if charset.lower() not in CHARSETS:
        return None
    try:
        return text.decode(charset)
    except ValueError:
        return None
