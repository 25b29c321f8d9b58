"""`facecraft healthcheck`: ask whether the server on this machine is ready.

Orchestrators run it every few seconds, often where processor time is scarce, so it costs little more than
Python's start. That is why it has a way of its own to the settings and to the server: pydantic, urllib, json
and even `socket` each take longer to import than everything else here.
"""

import _socket
import os
import sys

TIMEOUT_S = 5
HOST, PORT = "127.0.0.1", "8000"
"""Where a server listens by default."""
LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
"""Addresses to use for a server that listens on all of them."""
MAX_ANSWER_BYTES = 1_000_000
REQUEST = b"GET /ready HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def healthcheck() -> int:
    """Ask the server on FACECRAFT_PORT whether it is ready; the exit code is 0 if it is, else 1."""
    known = address()
    if known is not None:
        return ask(*known)
    from facecraft.errors import SettingInvalid  # noqa: PLC0415
    from facecraft.settings import Settings  # noqa: PLC0415

    Settings.load()  # it tells what is wrong
    raise SettingInvalid("FACECRAFT_PORT is 0, so the port is unknown.", hint="Set it to the server's port.")


def address() -> tuple[str, int] | None:
    """The address of the server, by the environment; None if the port is unknown or no number."""
    variables = {name.upper(): value for name, value in os.environ.items()}
    host, port = variables.get("FACECRAFT_HOST") or HOST, variables.get("FACECRAFT_PORT") or PORT
    if "://" in port:  # where a container is linked to a service named facecraft, the variable is its URL
        port = PORT
    if not port.isdecimal() or not 0 < int(port) < 65536:
        return None
    return LOCAL.get(host, host), int(port)


def ask(host: str, port: int) -> int:
    """Ask a server for /ready, print what it says, and return the exit code."""
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/ready"
    try:
        head, _, body = _exchange(host, port).partition(b"\r\n\r\n")
    except OSError as error:
        print(f"no answer from {url}: {error}", file=sys.stderr)
        return 1
    device, detail = _member(body, "device"), _member(body, "detail")
    if device and head.split(maxsplit=2)[1:2] == [b"200"]:
        print(f"ready: {device}")
        return 0
    if detail:
        print(f"not ready: {detail}", file=sys.stderr)
    else:
        print(f"no answer from {url}: no Facecraft listens there", file=sys.stderr)
    return 1


def _exchange(host: str, port: int) -> bytes:
    """Send the request to the first address that takes it, and read the answer."""
    refusal = OSError("there is no such host")
    name = host.encode()  # text would take the codec of international names, which is slow to import
    for family, kind, protocol, _, where in _socket.getaddrinfo(name, port, 0, _socket.SOCK_STREAM):
        connection = _socket.socket(family, kind, protocol)
        connection.settimeout(TIMEOUT_S)
        try:
            connection.connect(where)
            connection.sendall(REQUEST)
            return _read(connection)
        except OSError as error:
            refusal = error
        finally:
            connection.close()
    raise refusal


def _read(connection: _socket.socket) -> bytes:
    answer = b""
    while len(answer) < MAX_ANSWER_BYTES and (piece := connection.recv(65536)):
        answer += piece
    return answer


def _member(body: bytes, name: str) -> str:
    """The text of a member of the JSON that our server writes; empty without it."""
    return body.partition(f'"{name}":"'.encode())[2].partition(b'"')[0].decode(errors="replace")
