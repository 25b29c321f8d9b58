"""`make smoke IMAGE=...`: try an image like a user, over its published port."""

import argparse
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from docker.release.engine import CheckFailed, Engine
from docker.release.portrait import PORTRAIT, Answer, Call, check_portrait
from docker.release.subject import Subject

READY_TIMEOUT_S = 180


def over_http(host: str, port: int) -> Call:
    # No proxy: it would answer instead of this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(path: str, body: bytes | None, kind: str) -> Answer:
        request = urllib.request.Request(
            f"http://{host}:{port}{path}", body, {"Content-Type": kind} if body else {}
        )
        try:
            with opener.open(request, timeout=300) as answer:
                return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())

    return call


def smoke(subject: Subject, network: str) -> str:
    """Start the image as in the README, and restore a portrait.

    Args:
        subject: the image and its engine.
        network: "bridge" publishes the port; "host" is for an engine that has no bridge.

    Raises:
        CheckFailed: the server does not start, or a response is wrong.
    """
    host = urlsplit(subject.engine.host or os.environ.get("DOCKER_HOST", "")).hostname or "127.0.0.1"
    port = _free_port()
    options = {
        "bridge": ("-p", f"{port}:8000"),
        "host": ("--network", "host", "-e", f"FACECRAFT_PORT={port}", "-e", "FACECRAFT_HOST=127.0.0.1"),
    }[network]
    start = time.monotonic()
    with subject.engine.container(subject.image, *options, *subject.serve_options) as container:
        call = over_http(host, port)
        for path in ("/health", "/ready"):
            container.wait_for(f"{path} 200", lambda path=path: _ok(call, path), READY_TIMEOUT_S)  # type: ignore[misc]
        ready_s = time.monotonic() - start
        return f"ready after {ready_s:.1f} s; {check_portrait(call, PORTRAIT.read_bytes())}"


def _ok(call: Call, path: str) -> bool | None:
    try:
        return call(path, None, "").status == 200 or None
    except OSError:  # no server listens there yet
        return None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    parser.add_argument("--host", help="the engine, a value of DOCKER_HOST")
    parser.add_argument(
        "--pull", action="store_true", help="remove the engine's copy and pull the image again"
    )
    parser.add_argument("--network", choices=("bridge", "host"), default="bridge")
    args = parser.parse_args()
    subject = Subject(args.image, Engine(args.host))
    try:
        if args.pull:
            subject.engine.attempt("rmi", "--no-prune", args.image)
            start = time.monotonic()
            subject.engine.run("pull", "-q", args.image)
            print(f"ok    pulled {args.image} in {time.monotonic() - start:.1f} s")
        print(f"ok    {args.image}: {smoke(subject, args.network)}")
    except CheckFailed as error:
        print(f"FAIL  {args.image}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
