"""What a server on this machine does: its stages, its rate under load, its memory."""

import io
import os
import platform
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import fmean, median
from time import perf_counter

from PIL import Image, ImageOps

from facecraft import __version__
from facecraft.checks.bench.server import Answer, Server, serving

PHOTO = Path(__file__).parent / "astronaut.jpg"
SIDES_PX = (512, 1024)
NETWORKS = ("detect", "restore", "upscale")
"""The stages that are networks for the most part."""
FIELDS = {"format": "png"}


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of one thing, measured several times."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Lone:
    """Requests for one picture, one after another.

    Attributes:
        stages: by name, in order of execution, those of the server's clock.
        total: of the whole request, by the client's clock.
        networks_share: of all stages, how much is networks.
        overhead_ms: all stages but the networks, p50.
        own_rate: portraits per second if the pipeline did nothing but this.
    """

    side_px: int
    requests: int
    stages: Mapping[str, Latency]
    total: Latency
    networks_share: float
    overhead_ms: float
    own_rate: float


@dataclass(frozen=True, slots=True)
class Load:
    """Several clients, each of which asks again as soon as it has its answer.

    Attributes:
        rate: portraits per second, between the first answer and the last.
        share_of_own_rate: of what the pipeline does with one request after another.
        latency: of one request, by the client's clock.
    """

    clients: int
    requests: int
    rate: float
    share_of_own_rate: float
    latency: Latency


@dataclass(frozen=True, slots=True)
class Result:
    """All of a run."""

    version: str
    machine: str
    processors: int
    device: str
    models: tuple[str, ...]
    restorer: str
    lone: tuple[Lone, ...]
    loads: tuple[Load, ...]
    ready_bytes: int
    peak_bytes: int


def run(photo: bytes, requests: int, clients: Sequence[int], restorer: str) -> Result:
    """Start a server and measure it.

    Args:
        photo: a file with one face.
        requests: for each picture, one after another; at each number of clients at least twice as many as
            there are clients.
        clients: numbers of clients at once.
        restorer: as the option of a request.

    Raises:
        StartupError: the server did not start, or did not answer with a portrait.
    """
    fields = FIELDS | {"restorer": restorer}
    pictures = [_scaled(photo, side) for side in SIDES_PX]
    with serving() as server:
        ready = server.ready()
        ready_bytes, _ = server.memory_bytes()
        lone = [
            _lone(server, picture, side, requests, fields)
            for picture, side in zip(pictures, SIDES_PX, strict=True)
        ]
        loads = [
            _load(server, pictures[0], count, requests, fields, own_rate=lone[0].own_rate)
            for count in clients
        ]
        _, peak_bytes = server.memory_bytes()
    return Result(
        version=__version__,
        machine=_machine(),
        processors=os.cpu_count() or 1,
        device=ready["device"],
        models=tuple(model["name"] for model in ready["models"]),
        restorer=restorer,
        lone=tuple(lone),
        loads=tuple(loads),
        ready_bytes=ready_bytes,
        peak_bytes=peak_bytes,
    )


def _lone(server: Server, picture: bytes, side_px: int, requests: int, fields: Mapping[str, str]) -> Lone:
    server.process(picture, fields)  # the first one of a size allocates
    answers = [server.process(picture, fields) for _ in range(requests)]
    stages = {name: _latency([each.stages_ms[name] for each in answers]) for name in answers[0].stages_ms}
    sums = [sum(each.stages_ms.values()) for each in answers]
    networks = [sum(each.stages_ms.get(name, 0) for name in NETWORKS) for each in answers]
    return Lone(
        side_px=side_px,
        requests=requests,
        stages=stages,
        total=_latency([each.took_ms for each in answers]),
        networks_share=sum(networks) / sum(sums),
        overhead_ms=median(whole - part for whole, part in zip(sums, networks, strict=True)),
        own_rate=1000 / fmean(sums),
    )


def _load(
    server: Server, picture: bytes, clients: int, requests: int, fields: Mapping[str, str], *, own_rate: float
) -> Load:
    count = max(requests, 2 * clients)
    ended: list[float] = []

    def ask(_index: int) -> Answer:
        answer = server.process(picture, fields)
        ended.append(perf_counter())
        return answer

    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(ask, range(count)))
    rate = (count - 1) / (max(ended) - min(ended))
    return Load(clients, count, rate, rate / own_rate, _latency([each.took_ms for each in answers]))


def _latency(values: Sequence[float]) -> Latency:
    ordered = sorted(values)
    return Latency(median(ordered), ordered[ceil(0.99 * len(ordered)) - 1])


def _scaled(photo: bytes, side_px: int) -> bytes:
    """The photo as a JPEG whose longer side is that long."""
    with Image.open(io.BytesIO(photo)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    scale = side_px / max(upright.size)
    size = (round(upright.width * scale), round(upright.height * scale))
    scaled = upright.resize(size, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    scaled.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def _machine() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
    return names[0] if names else platform.machine()
