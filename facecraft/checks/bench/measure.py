"""Measure a server on this machine: its stages, rate under load and memory."""

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

import numpy as np
from PIL import Image, ImageOps

from facecraft import __version__
from facecraft.checks.bench.server import Server, TimedResponse, serving

PHOTO = Path(__file__).parent / "astronaut.jpg"
SIDES_PX = (512, 1024)
NETWORKS = ("detect", "clean", "restore", "upscale")
"""Stages that mostly run networks."""
FORM = {"format": "png"}


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds, over several measurements."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class SequentialRun:
    """One client that sends the same picture again and again.

    Attributes:
        side_px: the longer side of the picture.
        requests: number of requests.
        stages: by name, in order of execution, measured by the server.
        total: of a whole request, measured by the client.
        networks_share: the networks' share of the time of all stages, 0 to 1.
        overhead_ms: median time of all stages without the networks.
        pipeline_rate: portraits a second, by the time of the stages alone.
    """

    side_px: int
    requests: int
    stages: Mapping[str, Latency]
    total: Latency
    networks_share: float
    overhead_ms: float
    pipeline_rate: float


@dataclass(frozen=True, slots=True)
class ConcurrentRun:
    """Several clients at the same time. Each sends its next request as soon as it has a response.

    Attributes:
        clients: number of clients.
        requests: number of requests of all clients together.
        rate: portraits a second, from the first response to the last.
        share_of_pipeline_rate: `rate` as a share of the pipeline's rate with sequential requests.
        latency: of a whole request, measured by the client.
    """

    clients: int
    requests: int
    rate: float
    share_of_pipeline_rate: float
    latency: Latency


@dataclass(frozen=True, slots=True)
class Result:
    """All measurements.

    Attributes:
        version: of Facecraft.
        machine: name of the processor.
        processors: number of processors.
        device: of the models.
        models: names of the loaded models.
        restorer: value of the option in the requests.
        noise: standard deviation of the noise in the photo, in levels.
        sequential: one for each size of the picture.
        concurrent: one for each number of clients.
        ready_bytes: resident memory of the server when it is ready.
        peak_bytes: largest resident memory of the server.
    """

    version: str
    machine: str
    processors: int
    device: str
    models: tuple[str, ...]
    restorer: str
    noise: float
    sequential: tuple[SequentialRun, ...]
    concurrent: tuple[ConcurrentRun, ...]
    ready_bytes: int
    peak_bytes: int


def run(photo: bytes, requests: int, clients: Sequence[int], restorer: str, noise: float) -> Result:
    """Start a server and measure it.

    Args:
        photo: a file with one face.
        requests: number of requests for each measurement; with several clients, at least two each.
        clients: number of clients, for each measurement of the load.
        restorer: value of the option in the requests.
        noise: standard deviation of noise that is added to the photo, in levels.

    Raises:
        StartupError: the server did not start, or its response was not a portrait.
    """
    form = FORM | {"restorer": restorer}
    pictures = [_scaled(photo, side_px, noise) for side_px in SIDES_PX]
    with serving() as server:
        ready = server.ready()
        ready_bytes, _ = server.memory_bytes()
        sequential = [
            _sequential(server, picture, side_px, requests, form)
            for picture, side_px in zip(pictures, SIDES_PX, strict=True)
        ]
        rate = sequential[0].pipeline_rate
        concurrent = [
            _concurrent(server, pictures[0], count, requests, form, pipeline_rate=rate) for count in clients
        ]
        _, peak_bytes = server.memory_bytes()
    return Result(
        version=__version__,
        machine=_machine(),
        processors=os.cpu_count() or 1,
        device=ready["device"],
        models=tuple(model["name"] for model in ready["models"]),
        restorer=restorer,
        noise=noise,
        sequential=tuple(sequential),
        concurrent=tuple(concurrent),
        ready_bytes=ready_bytes,
        peak_bytes=peak_bytes,
    )


def _sequential(
    server: Server, picture: bytes, side_px: int, requests: int, form: Mapping[str, str]
) -> SequentialRun:
    server.process(picture, form)  # the first request of a size allocates memory
    responses = [server.process(picture, form) for _ in range(requests)]
    names = responses[0].stages_ms
    stages = {name: _latency([response.stages_ms[name] for response in responses]) for name in names}
    sums = [sum(response.stages_ms.values()) for response in responses]
    networks = [sum(response.stages_ms.get(name, 0) for name in NETWORKS) for response in responses]
    return SequentialRun(
        side_px=side_px,
        requests=requests,
        stages=stages,
        total=_latency([response.duration_ms for response in responses]),
        networks_share=sum(networks) / sum(sums),
        overhead_ms=median(whole - part for whole, part in zip(sums, networks, strict=True)),
        pipeline_rate=1000 / fmean(sums),
    )


def _concurrent(
    server: Server,
    picture: bytes,
    clients: int,
    requests: int,
    form: Mapping[str, str],
    *,
    pipeline_rate: float,
) -> ConcurrentRun:
    count = max(requests, 2 * clients)
    ends: list[float] = []

    def request(_index: int) -> TimedResponse:
        response = server.process(picture, form)
        ends.append(perf_counter())
        return response

    with ThreadPoolExecutor(clients) as pool:
        responses = list(pool.map(request, range(count)))
    rate = (count - 1) / (max(ends) - min(ends))
    latency = _latency([response.duration_ms for response in responses])
    return ConcurrentRun(clients, count, rate, rate / pipeline_rate, latency)


def _latency(values: Sequence[float]) -> Latency:
    ordered = sorted(values)
    return Latency(median(ordered), ordered[ceil(0.99 * len(ordered)) - 1])


def _scaled(photo: bytes, side_px: int, noise: float) -> bytes:
    """The photo as a JPEG with a longer side of `side_px`, with noise."""
    with Image.open(io.BytesIO(photo)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    scale = side_px / max(upright.size)
    size = (round(upright.width * scale), round(upright.height * scale))
    scaled = upright.resize(size, Image.Resampling.BICUBIC)
    drawn = np.random.default_rng(0).normal(0, noise, (size[1], size[0], 3))
    noisy = np.clip(np.asarray(scaled) + drawn, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def _machine() -> str:
    """Name of the processor."""
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
    return names[0] if names else platform.machine()
