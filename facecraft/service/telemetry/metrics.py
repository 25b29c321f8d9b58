"""Counters and histograms for `/metrics`, in the format of Prometheus."""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from facecraft.service.telemetry.snapshot import Snapshot, SnapshotCollector

SECONDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
"""Upper edges of the histograms of durations."""


class Metrics:
    """Counts requests when they end.

    Args:
        read_snapshot: returns the service's gauges, or None while the models load.

    Attributes:
        registry: all metrics of `/metrics`.
    """

    def __init__(self, read_snapshot: Callable[[], Snapshot | None]) -> None:
        registry = self.registry = CollectorRegistry()
        self._requests = Counter(
            "facecraft_requests", "Requests by route and status.", ("route", "status"), registry=registry
        )
        self._errors = Counter(
            "facecraft_errors", "Errors by the code of their problem.", ("code",), registry=registry
        )
        self._request_s = Histogram(
            "facecraft_request_seconds",
            "From a request's head to the end of its response.",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self._stage_s = Histogram(
            "facecraft_stage_seconds",
            "Stages of the pipeline.",
            ("stage",),
            buckets=SECONDS,
            registry=registry,
        )
        self._faces = Counter("facecraft_faces", "Faces found.", registry=registry)
        ProcessCollector(registry=registry)
        registry.register(SnapshotCollector(read_snapshot))

    def count_request(self, route: str, status: int, duration_s: float, code: str | None) -> None:
        """Count a finished request.

        Args:
            route: its path, without parameters.
            status: HTTP status of the response.
            duration_s: from the request's head to the end of its response.
            code: of its problem; None without a problem.
        """
        self._requests.labels(route, str(status)).inc()
        self._request_s.labels(route).observe(duration_s)
        if code is not None:
            self.count_error(code)

    def count_error(self, code: str) -> None:
        """Count a failed request, or a failed file of a batch."""
        self._errors.labels(code).inc()

    def count_stages(self, timings_ms: Mapping[str, float], faces: int) -> None:
        """Count a processed picture."""
        for stage, duration_ms in timings_ms.items():
            self._stage_s.labels(stage).observe(duration_ms / 1000)
        self._faces.inc(faces)
