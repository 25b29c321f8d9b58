"""What `/metrics` tells, for Prometheus."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

if TYPE_CHECKING:
    from facecraft.service.state import Service

FACES = (1, 2, 4, 8, 16, 32, 64, float("inf"))
SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)


class Metrics:
    """Counts requests as they end; everything else is read when it is asked for.

    Attributes:
        registry: what `/metrics` writes out.
    """

    def __init__(self, service: "Service") -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "facecraft_requests", "Requests by route and status.", ("route", "status"), registry=self.registry
        )
        self._errors = Counter(
            "facecraft_errors", "Errors by the code of their problem.", ("code",), registry=self.registry
        )
        self._request_s = Histogram(
            "facecraft_request_seconds",
            "From a request's head to the end of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._stage_s = Histogram(
            "facecraft_stage_seconds",
            "Stages of the pipeline.",
            ("stage",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self._faces = Counter("facecraft_faces", "Faces found.", registry=self.registry)
        ProcessCollector(registry=self.registry)
        self.registry.register(_State(service))

    def count(self, route: str, status: int, took_s: float, code: str | None) -> None:
        """A request has ended."""
        self._requests.labels(route, str(status)).inc()
        self._request_s.labels(route).observe(took_s)
        if code is not None:
            self.count_error(code)

    def count_error(self, code: str) -> None:
        """A request, or a file of a batch, has failed."""
        self._errors.labels(code).inc()

    def count_stages(self, timings_ms: Mapping[str, float], faces: int) -> None:
        """A picture has gone through the pipeline."""
        for stage, took_ms in timings_ms.items():
            self._stage_s.labels(stage).observe(took_ms / 1000)
        self._faces.inc(faces)


class _State:
    """What the service is at the moment."""

    def __init__(self, service: "Service") -> None:
        self._service = service

    def collect(self) -> Iterable[Metric]:
        service = self._service
        if service.loaded is None:
            yield GaugeMetricFamily("facecraft_ready", "Whether it takes portraits.", 0)
            return
        yield GaugeMetricFamily("facecraft_ready", "Whether it takes portraits.", int(not service.draining))
        waiting, running = service.admission.waiting, service.admission.running
        yield GaugeMetricFamily("facecraft_queue_depth", "Requests that wait for a worker.", waiting)
        yield GaugeMetricFamily("facecraft_in_flight", "Portraits in work.", running)
        held = service.uploads.held_bytes + service.batches * service.batch_bytes
        yield GaugeMetricFamily("facecraft_upload_bytes", "Bytes held, or set aside, for uploads.", held)
        if service.memory_bound_bytes is not None:
            bound = service.memory_bound_bytes
            yield GaugeMetricFamily(
                "facecraft_memory_bound_bytes", "What resident memory stays under.", bound
            )
        models = InfoMetricFamily("facecraft_model", "Loaded models.", labels=())
        for model in service.loaded.models:
            facts = {"name": model.name, "task": model.task, "sha256": model.sha256}
            models.add_metric((), facts | {"licence": model.licence.name})
        yield models
        yield from _batches(service)
        import torch  # noqa: PLC0415  # it takes seconds, while the port is to open; here it is loaded already

        if torch.cuda.is_available():
            used = torch.cuda.memory_reserved()
            yield GaugeMetricFamily("facecraft_device_memory_bytes", "Memory held on the GPU.", used)


def _batches(service: "Service") -> Iterable[Metric]:
    """How many faces were restored together, and how often that failed and was tried in halves."""
    assert service.loaded is not None  # noqa: S101  # the caller has looked
    labels = ("restorer",)
    sizes = HistogramMetricFamily("facecraft_batch_faces", "Faces in one run.", labels=labels)
    splits = CounterMetricFamily("facecraft_batch_splits", "Batches run again in halves.", labels=labels)
    for name, restorer in service.loaded.pipeline.models.restorers.items():
        counts = dict(restorer.sizes)
        buckets = [
            (format(edge, "g").replace("inf", "+Inf"), sum(counts[size] for size in counts if size <= edge))
            for edge in FACES
        ]
        sizes.add_metric((name,), buckets, sum(edge * count for edge, count in counts.items()))
        splits.add_metric((name,), restorer.splits)
    yield sizes
    yield splits
