"""Base64 in JSON, in the pieces in which it may arrive."""

import base64
import json
import random

import pytest

from facecraft.errors import RequestError
from facecraft.service.request.base64_text import Base64Text

CONTENT = random.Random(7).randbytes(1000)
PLAIN = base64.b64encode(CONTENT).decode()
WRITTEN = {
    "plain": PLAIN,
    "PHP": PLAIN.replace("/", "\\/"),
    ".NET": PLAIN.replace("+", "\\u002B").replace("=", "\\u003D"),
    "lines": base64.encodebytes(CONTENT).decode().replace("\n", "\\r\\n"),
    "raw lines": base64.encodebytes(CONTENT).decode(),
    "for addresses": base64.urlsafe_b64encode(CONTENT).decode().rstrip("="),
    "address": f"data:image/jpeg;base64,{PLAIN}",
    "address of PHP": f"data:image\\/jpeg;base64,{PLAIN}",
}


def decode(text: str, piece_bytes: int) -> bytes:
    decoder, data = Base64Text(), text.encode()
    pieces = [data[start : start + piece_bytes] for start in range(0, len(data), piece_bytes)]
    return b"".join([decoder.decode(piece) for piece in pieces]) + decoder.finish()


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 5, 7, 64, 100_000])
def test_it_is_decoded_in_any_pieces(written: str, piece_bytes: int) -> None:
    assert decode(WRITTEN[written], piece_bytes) == CONTENT


@pytest.mark.parametrize("content", [b"", b"a", b"ab", b"abc", b"abcd"])
def test_short_texts_are_decoded(content: bytes) -> None:
    assert decode(base64.b64encode(content).decode(), 1) == content


@pytest.mark.parametrize(
    "text",
    [
        *("!", "AAA!", "A", "AAAAA", "=", "====", "AA=A", "AA==AAAA", "AAAA====", "AAA==", "AA\\", "AA\\u00"),
        *("AA\\x", "AA\\\\", "äAAA", json.dumps("ä"), "data:", "data:image/png", "data:image/png,AAAA"),
        *("data:" + "x" * 1000 + ";base64,AAAA", "AAAA data:image/png;base64,AAAA"),
    ],
)
@pytest.mark.parametrize("piece_bytes", [1, 100_000])
def test_anything_else_is_refused(text: str, piece_bytes: int) -> None:
    with pytest.raises(RequestError, match="is not base64"):
        decode(text, piece_bytes)
