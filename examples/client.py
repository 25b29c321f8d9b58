"""Send one photo to Facecraft and save the portrait: python examples/client.py photo.jpg portrait.jpg badge.

It needs nothing but Python. PORTRAITS_URL names the server, PORTRAITS_KEY its key.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

URL = os.environ.get("PORTRAITS_URL", "http://localhost:8000")
KEY = os.environ.get("PORTRAITS_KEY", "")
USAGE = "usage: python examples/client.py PHOTO PORTRAIT [PRESET]"
TIMEOUT_S = 300  # longer than any deadline of the server
TRIES = 5


@dataclass(frozen=True)
class Portrait:
    """An answer of /process.

    Attributes:
        data: the encoded picture.
        media_type: such as image/jpeg.
        verdict: pass, fail or unknown; None without a preset.
        notes: codes of what was decided for you.
    """

    data: bytes
    media_type: str
    verdict: str | None
    notes: tuple[str, ...]


class ProblemError(Exception):
    """What Facecraft answered in place of a portrait (RFC 9457)."""

    def __init__(self, code: str, detail: str, hint: str) -> None:
        super().__init__(f"{code}: {detail} {hint}")
        self.code = code


def process(photo: bytes, options: Mapping[str, str]) -> Portrait:
    """Have one photo processed; a busy server is asked again.

    Raises:
        ProblemError: the photo or an option was refused, or the server stayed busy.
        OSError: there is no connection.
    """
    body, content_type = _form(photo, options)
    headers = {"Content-Type": content_type} | ({"X-API-Key": KEY} if KEY else {})
    request = urllib.request.Request(f"{URL}/process", body, headers)  # noqa: S310  # the user's own URL
    tries = 1
    while True:
        try:
            return _send(request)
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE or tries == TRIES:
                raise _problem(error) from error
            time.sleep(float(error.headers.get("Retry-After", "1")))
        tries += 1


def _form(photo: bytes, options: Mapping[str, str]) -> tuple[bytes, str]:
    """A multipart/form-data body, and its content type."""
    boundary = uuid.uuid4().hex
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in options.items()
    )
    head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="photo"\r\n\r\n'
    body = head.encode() + photo + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def _send(request: urllib.request.Request) -> Portrait:
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
        notes = response.headers.get("X-Facecraft-Notes", "")
        return Portrait(
            data=response.read(),
            media_type=response.headers.get_content_type(),
            verdict=response.headers.get("X-Facecraft-Verdict"),
            notes=tuple(notes.split(", ")) if notes else (),
        )


def _problem(error: urllib.error.HTTPError) -> ProblemError:
    if error.headers.get_content_type() != "application/problem+json":  # a proxy's own answer
        return ProblemError(f"status_{error.code}", error.reason, "")
    problem = json.load(error)
    return ProblemError(problem["code"], problem["detail"], problem["hint"])


def main() -> int:
    if len(sys.argv) not in (3, 4):
        print(USAGE, file=sys.stderr)
        return 2
    photo, portrait, *preset = sys.argv[1:]
    try:
        made = process(Path(photo).read_bytes(), {"preset": preset[0]} if preset else {})
    except (ProblemError, OSError) as error:
        print(f"{photo}: {error}", file=sys.stderr)
        return 1
    Path(portrait).write_bytes(made.data)
    print(f"{portrait}: {made.media_type}, verdict {made.verdict}, notes {', '.join(made.notes) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
