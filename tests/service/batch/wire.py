"""Batches as they go over the wire."""

import io
import json
import socket
import zipfile
from typing import Any

import httpx

Json = dict[str, Any]
PATIENCE_S = 20
BOUNDARY = b"limit"
END = b"--" + BOUNDARY + b"--\r\n"
TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}


def files(*contents: bytes, name: str = "photo") -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", (f"{name}{index}.png", content)) for index, content in enumerate(contents)]


def opened(response: httpx.Response) -> tuple[dict[str, bytes], list[Json]]:
    """The portraits by name, and the entries of the manifest."""
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert archive.testzip() is None
    contents = {name: archive.read(name) for name in archive.namelist()}
    assert list(contents)[-2:] == ["manifest.json", "manifest.csv"]
    entries: list[Json] = json.loads(contents.pop("manifest.json"))["files"]
    assert len(contents.pop("manifest.csv").splitlines()) == len(entries) + 1
    return contents, entries


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    head = f'--{BOUNDARY.decode()}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def connected(client: httpx.Client, head: bytes = b"") -> socket.socket:
    """A connection on which the head of a batch was sent; its body comes in chunks."""
    url = client.base_url
    connection = socket.create_connection((url.host, url.port or 80), timeout=PATIENCE_S)
    lines = (b"POST /batch HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked", head or b"X-A: b")
    content_type = b"Content-Type: multipart/form-data; boundary=" + BOUNDARY
    connection.sendall(b"\r\n".join((*lines, content_type, b"", b"")))
    return connection


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    got = b""
    while wanted not in got:
        piece = connection.recv(65536)
        assert piece, got
        got += piece
    return got
