"""Judge one photo and make two portraits of it, at the same time, with httpx and asyncio.

python examples/async_client.py photo.jpg portraits/

PORTRAITS_URL names the server, PORTRAITS_KEY its key.
"""

import asyncio
import base64
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

URL = os.environ.get("PORTRAITS_URL", "http://localhost:8000")
KEY = os.environ.get("PORTRAITS_KEY", "")
USAGE = "usage: python examples/async_client.py PHOTO FOLDER"
PRESETS = ("badge", "linkedin")
TIMEOUT_S = 300  # longer than any deadline of the server
TRIES = 5
SUFFIX_OF = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/avif": "avif"}

Answer = dict[str, Any]


async def post(client: httpx.AsyncClient, path: str, photo: bytes, options: Mapping[str, str]) -> Answer:
    """One call, answered as JSON; a busy server is asked again.

    Raises:
        httpx.HTTPStatusError: the photo or an option was refused, or the server stayed busy.
    """
    for _ in range(TRIES):
        response = await client.post(path, files={"file": photo}, data=options)
        if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        await asyncio.sleep(float(response.headers.get("Retry-After", "1")))
    response.raise_for_status()
    answer: Answer = response.json()
    return answer


async def ask(photo: bytes) -> list[Answer]:
    """The verdict on a photo, then a portrait for each preset."""
    headers = {"Accept": "application/json"} | ({"X-API-Key": KEY} if KEY else {})
    async with httpx.AsyncClient(base_url=URL, headers=headers, timeout=TIMEOUT_S) as client:
        portraits = [post(client, "/process", photo, {"preset": preset}) for preset in PRESETS]
        return await asyncio.gather(post(client, "/check", photo, {}), *portraits)


def save(answer: Answer, folder: Path, name: str) -> str:
    """Write a portrait; returns a line about it."""
    image = answer["image"]
    suffix = SUFFIX_OF[image["media_type"]]
    path = folder / f"{name}.{suffix}"
    path.write_bytes(base64.b64decode(image["base64"]))
    failed = [rule["name"] for rule in answer["verdict"]["rules"] if rule["status"] == "fail"]
    return f"{path}: {image['width']} x {image['height']}, failed: {', '.join(failed) or 'nothing'}"


def main() -> int:
    if len(sys.argv) != 3:
        print(USAGE, file=sys.stderr)
        return 2
    photo, folder = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        check, *portraits = asyncio.run(ask(photo.read_bytes()))
    except httpx.HTTPStatusError as error:
        print(f"{photo}: {error.response.text}", file=sys.stderr)
        return 1
    except (httpx.TransportError, OSError) as error:
        print(f"{photo}: {error}", file=sys.stderr)
        return 1
    print(f"{photo} as it is: {check['verdict']['status']}")
    folder.mkdir(parents=True, exist_ok=True)
    for answer, preset in zip(portraits, PRESETS, strict=True):
        print(save(answer, folder, preset))
    return 0


if __name__ == "__main__":
    sys.exit(main())
