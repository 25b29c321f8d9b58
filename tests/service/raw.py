"""Requests and answers as bytes on a connection."""

import socket
from contextlib import suppress

FORM = b"POST /process HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


def answer(connection: socket.socket) -> bytes:
    """Everything up to the end of the connection, by a close or a reset."""
    got = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            got += piece
    return got


def closes(answered: bytes) -> bool:
    return b"\r\nconnection: close\r\n" in answered.lower()
