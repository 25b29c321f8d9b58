"""Gauges for `/metrics`, read from the service at each request."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

if TYPE_CHECKING:
    from facecraft.restoration.batching import BatchingRestorer
    from facecraft.weights.lockfile import ModelEntry

FACE_COUNTS = (1, 2, 4, 8, 16, 32, 64, float("inf"))
"""Upper edges of the histogram of faces in one run."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a service with loaded models, at one moment.

    Attributes:
        ready: whether it accepts portraits.
        waiting: number of requests that wait for a worker.
        running: number of portraits in work.
        answer_bytes: bytes of answers that are made, or that clients still read.
        upload_bytes: bytes held or set aside for uploads.
        memory_bound_bytes: upper bound of the process's resident memory; None if it is unknown.
        models: the loaded models.
        restorers: the loaded restorers, by name.
    """

    ready: bool
    waiting: int
    running: int
    answer_bytes: int
    upload_bytes: int
    memory_bound_bytes: int | None
    models: "tuple[ModelEntry, ...]"
    restorers: "Mapping[str, BatchingRestorer]"


class SnapshotCollector:
    """Turns a snapshot into metrics.

    Args:
        read: returns the snapshot, or None while the models load.
    """

    def __init__(self, read: Callable[[], Snapshot | None]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        snapshot = self._read()
        ready = snapshot is not None and snapshot.ready
        yield GaugeMetricFamily("facecraft_ready", "Whether the service accepts portraits.", int(ready))
        if snapshot is None:
            return
        yield from _gauges(snapshot)
        yield _models(snapshot)
        yield from _restorer_runs(snapshot)
        from facecraft.runtime.device import gpu_memory_bytes  # noqa: PLC0415  # OpenCV is slow to import

        gpu_bytes = gpu_memory_bytes()
        if gpu_bytes is not None:
            yield GaugeMetricFamily("facecraft_device_memory_bytes", "Memory held on the GPU.", gpu_bytes)


def _gauges(snapshot: Snapshot) -> Iterable[Metric]:
    waiting, running, upload_bytes = snapshot.waiting, snapshot.running, snapshot.upload_bytes
    yield GaugeMetricFamily("facecraft_queue_depth", "Requests that wait for a worker.", waiting)
    yield GaugeMetricFamily("facecraft_in_flight", "Portraits in work.", running)
    yield GaugeMetricFamily("facecraft_upload_bytes", "Bytes held or set aside for uploads.", upload_bytes)
    help_ = "Bytes of answers that are made, or that clients still read."
    yield GaugeMetricFamily("facecraft_answer_bytes", help_, snapshot.answer_bytes)
    bound_bytes = snapshot.memory_bound_bytes
    if bound_bytes is not None:
        yield GaugeMetricFamily("facecraft_memory_bound_bytes", "The most resident memory.", bound_bytes)


def _models(snapshot: Snapshot) -> Metric:
    family = InfoMetricFamily("facecraft_model", "Loaded models.", labels=())
    for model in snapshot.models:
        labels = {"name": model.name, "task": model.task, "sha256": model.sha256}
        family.add_metric((), labels | {"licence": model.licence.name})
    return family


def _restorer_runs(snapshot: Snapshot) -> Iterable[Metric]:
    """For each restorer, the number of faces in its runs, and the number of failed runs that were split."""
    labels = ("restorer",)
    sizes = HistogramMetricFamily("facecraft_batch_faces", "Faces in one run.", labels=labels)
    splits = CounterMetricFamily("facecraft_batch_splits", "Runs that were split in half.", labels=labels)
    for name, restorer in snapshot.restorers.items():
        counts = dict(restorer.sizes)
        buckets = [
            (format(edge, "g").replace("inf", "+Inf"), sum(counts[size] for size in counts if size <= edge))
            for edge in FACE_COUNTS
        ]
        sizes.add_metric((name,), buckets, sum(size * count for size, count in counts.items()))
        splits.add_metric((name,), restorer.splits)
    yield sizes
    yield splits
