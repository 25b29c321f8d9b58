"""Forms written by hand, and what is said of those that are refused."""

from collections.abc import Iterator

import httpx

LIMIT = 100_000
"""Of the shared client's service."""


def form(*parts: tuple[str, bytes], end: bytes = b"--b--\r\n") -> bytes:
    """A multipart body, written by hand: (what stands behind `form-data`, content) for each part."""
    body = b"".join(
        b"--b\r\nContent-Disposition: form-data" + disposition.encode() + b"\r\n\r\n" + content + b"\r\n"
        for disposition, content in parts
    )
    return body + end


def post(client: httpx.Client, body: bytes | Iterator[bytes]) -> httpx.Response:
    """Iterators go without a declared length."""
    return client.post("/process", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})


FILE = ('; name="file"; filename="a.png"', b"any bytes; the pipeline is made up")


def refused(response: httpx.Response, status: int, code: str, told: str) -> None:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert told in response.json()["detail"]
