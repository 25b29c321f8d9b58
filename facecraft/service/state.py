"""What the routes share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from facecraft.errors import NotReady

if TYPE_CHECKING:
    from facecraft.bootstrap import Loaded
    from facecraft.service.admission import Admission, UploadMemory
    from facecraft.settings import Settings
    from facecraft.weights.lockfile import Lock


@dataclass(slots=True)
class Service:
    """One running service.

    Attributes:
        loaded: None while the models load.
        draining: it is about to end, and takes no new portraits.
    """

    settings: "Settings"
    lock: "Lock"
    admission: "Admission"
    uploads: "UploadMemory"
    loaded: "Loaded | None" = None
    draining: bool = False

    def require_ready(self) -> "Loaded":
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
