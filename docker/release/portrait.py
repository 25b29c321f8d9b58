"""Send a real portrait to a service. The result must be a different picture with the same face."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from docker.release.engine import CheckFailed, Container

PORTRAIT = Path(__file__).parents[2] / "facecraft" / "checks" / "bench" / "astronaut.jpg"
"""Eileen Collins by NASA, public domain: 512 x 512, one face."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Call: TypeAlias = Callable[[str, bytes | None, str], Answer]
"""A function from path, body (None for GET) and the body's type to the response."""

# Only urllib, because it runs inside an image without curl and httpx.
PROGRAM = """
import json, sys, urllib.error, urllib.request
url, kind = sys.argv[1:]
body = sys.stdin.buffer.read() or None
request = urllib.request.Request(url, body, {"Content-Type": kind} if body else {})
try:
    answer = urllib.request.urlopen(request, timeout=300)
except urllib.error.HTTPError as error:
    answer = error
except OSError as error:
    sys.exit(f"no answer: {error}")
head = [answer.status, {name.lower(): value for name, value in answer.headers.items()}]
sys.stdout.buffer.write(json.dumps(head).encode() + b"\\n" + answer.read())
"""


def inside(container: Container, port: int = 8000) -> Call:
    """Call from inside the container, which may have no network."""

    def call(path: str, body: bytes | None, kind: str) -> Answer:
        raw = container.python(PROGRAM, f"http://127.0.0.1:{port}{path}", kind, stdin=body or b"")
        head, _, content = raw.partition(b"\n")
        status, headers = json.loads(head)
        return Answer(status, headers, content)

    return call


def check_portrait(call: Call, photo: bytes) -> str:
    """Leave a good photo with one face as it is, and restore it when told to.

    Raises:
        CheckFailed: a response is wrong.
    """
    source = _faces(call, photo)
    plain = _post(call, "/process", photo, restorer="none", format="png")
    left = _post(call, "/process", photo, format="png")
    if left.headers.get("x-facecraft-notes") != "restoration_not_needed" or left.body != plain.body:
        raise CheckFailed(f"a good photo was not left as it is: {left.headers.get('x-facecraft-restorer')}")
    restored = _post(call, "/process", photo, format="png", when="always")
    if restored.headers.get("content-type") != "image/png":
        raise CheckFailed(f"/process answered with {restored.headers.get('content-type')}")
    if restored.headers.get("x-facecraft-restored") != "1":
        raise CheckFailed(f"{restored.headers.get('x-facecraft-restored')} faces were restored, not 1")
    # Both have the same pixels and the same encoder; only the restoration differs.
    if restored.body == plain.body:
        raise CheckFailed("the response has the same picture")
    result = _faces(call, restored.body)
    for name, detection in (("the photo", source), ("the portrait", result)):
        if len(detection["faces"]) != 1:
            raise CheckFailed(f"{name} has {len(detection['faces'])} faces, not 1")
    sides = [(found["source"]["width"], found["source"]["height"]) for found in (source, result)]
    if sides[0] != sides[1]:
        raise CheckFailed(f"{sides[0]} went in and {sides[1]} came out")
    width, height = sides[0]
    restorer, timing = (restored.headers.get(name) for name in ("x-facecraft-restorer", "server-timing"))
    return f"{width} x {height}, one face before and after, another picture; {restorer}; {timing}"


def _faces(call: Call, picture: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_post(call, "/detect", picture).body)
    return found


def _post(call: Call, path: str, picture: bytes, **fields: str) -> Answer:
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="photo"\r\n\r\n'
    body = b"".join([*parts, file.encode(), picture, f"\r\n--{boundary}--\r\n".encode()])
    answer = call(path, body, f"multipart/form-data; boundary={boundary}")
    if answer.status != 200:
        raise CheckFailed(f"{path} answered {answer.status}: {answer.body[:500].decode(errors='replace')}")
    return answer
