"""The running service, which all routes share."""

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from facecraft.errors import NotReady
from facecraft.presets import presets
from facecraft.runtime.container import memory_limit_bytes
from facecraft.service.capacity.admission import Admission
from facecraft.service.capacity.answers import AnswerBudget
from facecraft.service.capacity.budget import ByteBudget
from facecraft.service.capacity.memory import Capacity, resident_bytes, shortage
from facecraft.service.capacity.places import Places
from facecraft.service.telemetry.metrics import Metrics
from facecraft.service.telemetry.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import SecretStr

    from facecraft.api import Facecraft
    from facecraft.bootstrap import Runtime
    from facecraft.presets.presets import Preset
    from facecraft.settings import Settings
    from facecraft.weights.lockfile import Lock

DRAINED_UPLOAD_S = 10.0
"""How long uploads go on after SIGTERM, in seconds."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Service:
    """One running service.

    Attributes:
        settings: of the process.
        lock: the known models.
        keys: a request needs one of them; empty if it needs none.
        facecraft: owns the loaded models; None while they load.
        runtime: the loaded models; None while they load, and once the service is closed.
        draining_since: when the service began to shut down and took no new portraits, by the monotonic clock.
        memory_bound_bytes: the most resident memory; None while the models load, or if it is unknown.
        admission: runs portraits; set when the models are loaded.
        uploads: memory of single uploads; set when the models are loaded.
        places: of batches; set when the models are loaded.
        answers: memory of the answers to single photos; set when the models are loaded.
        capacity: what runs, waits and is sent at the same time; set when the models are loaded.
        presets: by name.
        metrics: of all requests.
    """

    settings: "Settings"
    lock: "Lock"
    keys: "Sequence[SecretStr]" = ()
    facecraft: "Facecraft | None" = None
    runtime: "Runtime | None" = None
    draining_since: float | None = None
    memory_bound_bytes: int | None = None
    admission: Admission = field(init=False)
    uploads: ByteBudget = field(init=False)
    places: Places = field(init=False)
    answers: AnswerBudget = field(init=False)
    capacity: Capacity = field(init=False)
    presets: "Mapping[str, Preset]" = field(init=False)
    metrics: Metrics = field(init=False)

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.snapshot)
        self.presets = presets.load()

    @property
    def draining(self) -> bool:
        """Whether the service shuts down and takes no new portraits."""
        return self.draining_since is not None

    @property
    def busy(self) -> bool:
        return self.runtime is not None and (self.admission.busy or self.places.busy)

    def open(self, facecraft: "Facecraft") -> None:
        """Accept portraits from now on."""
        runtime = facecraft.runtime
        self.capacity = self._fit(Capacity.of(self.settings, runtime.workers), runtime.growing)
        workers, queue_size = self.capacity.workers, self.capacity.queue_size
        self.admission = Admission(workers=workers, queue_size=queue_size, deadline_s=runtime.deadline_s)
        self.uploads = ByteBudget(self.capacity.uploads_bytes)
        self.answers = AnswerBudget(self.capacity.answers_bytes)
        # Where there are several keys, none has every place.
        per_key = max(1, self.capacity.batches - 1) if len(self.keys) > 1 else None
        self.places = Places(
            self.capacity.batches, self.uploads, per_key=per_key, ensure_ready=self.ensure_ready
        )
        self.facecraft, self.runtime = facecraft, runtime

    def _fit(self, wanted: Capacity, growing: int) -> Capacity:
        """What fits into the container, with its bound. The log says what had to give way."""
        ready_bytes, limit_bytes = resident_bytes(), memory_limit_bytes()
        if ready_bytes is None:
            return wanted
        fitting = wanted
        bound_bytes = wanted.bound_bytes(ready_bytes, growing)
        if limit_bytes is not None and bound_bytes > limit_bytes:
            fitting = wanted.fit(limit_bytes, ready_bytes, growing)
            logger.warning("%s", shortage(wanted, fitting, limit_bytes, ready_bytes, growing))
        self.memory_bound_bytes = fitting.bound_bytes(ready_bytes, growing)
        return fitting

    def close(self) -> None:
        """End the threads of the models and free their memory. No portrait may be in work any more."""
        self.runtime = None  # or the models would stay in memory
        if self.facecraft is not None:
            self.facecraft.close()

    def drain(self) -> None:
        """Take no new portraits from now on."""
        if self.draining_since is None:
            self.draining_since = time.monotonic()

    def ensure_receiving(self) -> None:
        """Raise NotReady if the service shuts down, and no longer waits for the rest of an upload."""
        if self.draining_since is not None and time.monotonic() > self.draining_since + DRAINED_UPLOAD_S:
            self.ensure_ready()

    def ensure_ready(self) -> "Runtime":
        """The loaded models.

        Raises:
            NotReady: they load, or the service shuts down.
        """
        if self.draining:
            raise NotReady(
                "The service is shutting down.", hint="Send the request to another instance.", retry_after_s=5
            )
        if self.runtime is None:
            raise NotReady("The models are loading.", retry_after_s=2)
        return self.runtime

    @property
    def batch_bytes(self) -> int:
        """The budget of one batch."""
        return self.capacity.batch_bytes

    @property
    def portraits_bytes(self) -> int:
        """The most that the portraits of one photo may take."""
        return self.capacity.portraits_bytes

    def snapshot(self) -> Snapshot | None:
        """The gauges of `/metrics`; None while the models load."""
        if self.runtime is None:
            return None
        return Snapshot(
            ready=not self.draining,
            waiting=self.admission.waiting,
            running=self.admission.running,
            answer_bytes=self.answers.held_bytes,
            upload_bytes=self.uploads.held_bytes + self.places.running * self.batch_bytes,
            memory_bound_bytes=self.memory_bound_bytes,
            models=self.runtime.models,
            restorers=self.runtime.pipeline.models.restorers,
        )


async def get_service(request: Request) -> Service:
    return cast("Service", request.app.state.service)


ServiceDep = Annotated[Service, Depends(get_service)]
