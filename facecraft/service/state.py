"""What the routes share."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from facecraft.errors import NotReady, QueueFull
from facecraft.presets import presets
from facecraft.service.capacity.admission import Admission, UploadMemory
from facecraft.service.capacity.memory import bound_bytes, resident_bytes
from facecraft.service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from facecraft.bootstrap import Runtime
    from facecraft.presets.presets import Preset
    from facecraft.settings import Settings
    from facecraft.weights.lockfile import Lock

MAX_BATCHES = 2
"""At once. More would only wait for one another: each keeps all workers busy."""


@dataclass(slots=True)
class Service:
    """One running service.

    Attributes:
        loaded: None while the models load.
        draining: it is about to end, and takes no new portraits.
        memory_bound_bytes: what the process stays under, once the models are loaded.
        admission: there once the models are.
        uploads: likewise.
        batches: that run.
        presets: by name.
    """

    settings: "Settings"
    lock: "Lock"
    loaded: "Runtime | None" = None
    draining: bool = False
    memory_bound_bytes: int | None = None
    batches: int = 0
    admission: Admission = field(init=False)
    uploads: UploadMemory = field(init=False)
    presets: "Mapping[str, Preset]" = field(init=False)
    metrics: Metrics = field(init=False)

    def __post_init__(self) -> None:
        self.metrics = Metrics(self)
        self.presets = presets.load()

    @property
    def busy(self) -> bool:
        return self.loaded is not None and (self.admission.busy or self.batches > 0)

    def open(self, loaded: "Runtime") -> None:
        """Let portraits in, as many as the device has workers for."""
        workers, queue_size = loaded.workers, self.settings.queue_size
        self.admission = Admission(workers=workers, queue_size=queue_size, deadline_s=loaded.deadline_s)
        # As many full-size uploads as can run and wait, and one more for each worker to take up next.
        uploads_bytes = (2 * workers + queue_size) * self.settings.max_upload_bytes
        self.uploads = UploadMemory(uploads_bytes)
        ready_bytes = resident_bytes()
        if ready_bytes is not None:
            self.memory_bound_bytes = bound_bytes(
                self.settings,
                ready_bytes=ready_bytes,
                uploads_bytes=uploads_bytes + MAX_BATCHES * self._most_of_a_batch_bytes(workers),
                workers=workers,
                growing=loaded.growing,
            )
        self.loaded = loaded

    @property
    def batch_bytes(self) -> int:
        """What one batch may hold."""
        return max(self.settings.batch_bytes, self.settings.max_upload_bytes)

    @contextmanager
    def batch(self) -> "Iterator[None]":
        """A batch's place among the few that may run; each has its memory for itself.

        Raises:
            QueueFull: there is none.
        """
        if self.batches == MAX_BATCHES:
            raise QueueFull(f"{MAX_BATCHES} batches run already.", limit=MAX_BATCHES, retry_after_s=10)
        self.batches += 1
        try:
            yield
        finally:
            self.batches -= 1

    def _most_of_a_batch_bytes(self, workers: int) -> int:
        """Portraits count once they are done; those in work come on top, at worst without any compression."""
        return self.batch_bytes + workers * max(self.settings.max_upload_bytes, 4 * self.settings.max_pixels)

    def require_ready(self) -> "Runtime":
        """The loaded models, or NotReady with the reason."""
        if self.draining:
            raise NotReady(
                "The service is shutting down.", hint="Send the request to another instance.", retry_after_s=5
            )
        if self.loaded is None:
            raise NotReady("The models are loading.", retry_after_s=2)
        return self.loaded


async def service_of(request: Request) -> Service:
    return cast("Service", request.app.state.service)


ServiceDep = Annotated[Service, Depends(service_of)]
