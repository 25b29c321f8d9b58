"""Make a portrait of every photo in a folder, several at the same time: see --help.

It sends photo by photo to /process, which works through any proxy. A photo whose portrait exists is skipped:
a run that was stopped can be started again. A server that is busy (503) is asked again after its Retry-After,
and so is one that was not reached. The exit code is 1 if any photo failed.

PORTRAITS_URL names the server, PORTRAITS_KEY its key.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

URL = os.environ.get("PORTRAITS_URL", "http://localhost:8000")
KEY = os.environ.get("PORTRAITS_KEY", "")
SUFFIX_OF = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/avif": ".avif"}
SUFFIXES = {*SUFFIX_OF.values(), ".jpeg", ".jfif", ".heic", ".heif", ".tif", ".tiff", ".gif", ".bmp"}
TIMEOUT_S = 300  # longer than any deadline of the server
TRIES = 8


@dataclass(frozen=True)
class Job:
    """One photo, and where its portrait goes, without the suffix."""

    photo: Path
    target: Path

    @property
    def done(self) -> bool:
        return any(self.target.with_name(self.target.name + suffix).exists() for suffix in SUFFIXES)


def find(photos: Path, portraits: Path) -> list[Job]:
    """Every photo below a folder. Portraits keep its structure, and the name of the photo without its suffix.

    Two photos that differ in the suffix alone keep it.
    """
    found = [
        photo.relative_to(photos)
        for photo in sorted(photos.rglob("*"))
        if photo.suffix.lower() in SUFFIXES and portraits not in photo.parents
    ]
    count = Counter(name.with_suffix("") for name in found)
    short = {name: name.with_suffix("") for name in found}
    return [
        Job(photos / name, portraits / (short[name] if count[short[name]] == 1 else name)) for name in found
    ]


def process(client: httpx.Client, job: Job, options: Mapping[str, str]) -> str | None:
    """Make one portrait; returns why there is none, or None."""
    photo = job.photo.read_bytes()
    for tries in range(1, TRIES + 1):
        try:
            response = client.post("/process", files={"file": photo}, data=options)
        except httpx.TransportError as error:
            reason, wait_s = str(error), float(2**tries)
        else:
            if response.status_code == httpx.codes.OK:
                save(job, response)
                return None
            reason = detail(response)
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return reason
            wait_s = float(response.headers.get("Retry-After", "1"))  # Facecraft sends seconds
        if tries < TRIES:
            time.sleep(wait_s * random.uniform(1, 1.5))  # so that not all come back at the same moment
    return f"given up after {TRIES} tries: {reason}"


def save(job: Job, response: httpx.Response) -> None:
    """Write the portrait under another name first, so that what has its name is whole."""
    target = job.target.with_name(job.target.name + SUFFIX_OF[response.headers["Content-Type"]])
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.write_bytes(response.content)
    part.replace(target)


def detail(response: httpx.Response) -> str:
    """What went wrong, in the server's words; a proxy's own errors are no problems."""
    if response.headers.get("Content-Type") == "application/problem+json":
        problem = response.json()
        return f"{problem['code']}: {problem['detail']}"
    return f"status {response.status_code}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Make a portrait of every photo in a folder. PORTRAITS_URL names the server, "
        "PORTRAITS_KEY its key.",
    )
    parser.add_argument("photos", type=Path, help="folder of the photos; its subfolders are searched too")
    parser.add_argument("portraits", type=Path, help="folder for the portraits, created if missing")
    parser.add_argument("--url", default=URL, help="address of the server, default: %(default)s")
    parser.add_argument(
        "--clients", type=int, default=4, help="photos at the same time, default: %(default)s"
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of /process, such as preset=badge; may be given several times",
    )
    return parser.parse_args()


def main() -> int:
    args = arguments()
    options = dict(option.split("=", 1) for option in args.option)
    headers = {"X-API-Key": KEY} if KEY else {}
    jobs = [job for job in find(args.photos, args.portraits) if not job.done]
    failed = 0
    with (
        httpx.Client(base_url=args.url, headers=headers, timeout=TIMEOUT_S) as client,
        ThreadPoolExecutor(args.clients) as pool,
    ):
        for job, reason in zip(jobs, pool.map(lambda job: process(client, job, options), jobs), strict=True):
            failed += reason is not None
            print(f"{job.photo}: {reason or 'done'}", file=sys.stderr if reason else sys.stdout)
    print(f"{len(jobs) - failed} done, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
