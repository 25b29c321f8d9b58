"""The ASGI application."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from facecraft import __version__
from facecraft.errors import StartupError
from facecraft.service import openapi
from facecraft.service.middleware import RequestMiddleware
from facecraft.service.openapi import PORTRAIT_HEADERS
from facecraft.service.request.access import KeyMiddleware
from facecraft.service.request.keys import read_keys
from facecraft.service.request.origins import OriginMiddleware
from facecraft.service.response.problems import add_problem_handlers
from facecraft.service.routes import batch, docs, portraits, presets, preview, status, web
from facecraft.service.state import Service
from facecraft.service.telemetry.tracing import Tracing, configure_tracing

if TYPE_CHECKING:
    from starlette.types import Lifespan

    from facecraft.api import Facecraft
    from facecraft.settings import Settings
    from facecraft.weights.lockfile import Lock

logger = logging.getLogger(__name__)

# The response headers that a script of another origin may read.
EXPOSED_HEADERS = ("Retry-After", "X-Request-ID", *PORTRAIT_HEADERS)
ROUTERS = (portraits.router, preview.router, batch.router, presets.router, status.router, docs.router)


def create_app(
    settings: "Settings",
    lock: "Lock",
    load: "Callable[[], Facecraft]",
    on_load_failure: Callable[[StartupError], None],
) -> FastAPI:
    """Build the application. Its `state.service` is the Service.

    Args:
        settings: of the process.
        lock: the known models, for /models.
        load: loads the models. It is slow, and called once in a thread while requests are answered.
        on_load_failure: called on the event loop if `load` raised. It must end the process.

    Raises:
        SettingInvalid: traces are asked for, but cannot be made, or the file of keys cannot be read.
    """
    service = Service(settings=settings, lock=lock, keys=read_keys(settings))
    tracing = configure_tracing()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(_load(service, load, on_load_failure))
        yield
        service.drain()
        loading.cancel()
        if service.facecraft is not None:
            await service.admission.close()
            await asyncio.to_thread(service.close)  # it waits for the threads of the models
        await asyncio.to_thread(tracing.shutdown)

    routers = (*ROUTERS, web.router) if settings.page == "on" else ROUTERS
    app = Application(service, tracing, lifespan, routers)
    add_problem_handlers(app)
    # The last one added is the outermost: a preflight request has no key.
    if service.keys:
        app.add_middleware(KeyMiddleware, keys=service.keys)
    app.add_middleware(OriginMiddleware, allowed=settings.cors_origins)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["X-API-Key", "Authorization", "X-Request-ID"],
            expose_headers=EXPOSED_HEADERS,
        )
    return app


async def _load(
    service: Service, load: "Callable[[], Facecraft]", on_load_failure: Callable[[StartupError], None]
) -> None:
    # An executor of its own: asyncio waits for its default executor at the end, and loading takes minutes.
    loader = ThreadPoolExecutor(1, thread_name_prefix="load")
    try:
        facecraft = await asyncio.get_running_loop().run_in_executor(loader, load)
        service.open(facecraft)
    except StartupError as error:
        on_load_failure(error)
    except Exception as error:
        logger.exception("Loading the models failed.")
        detail = f"Loading the models failed: {type(error).__name__}: {error}."
        on_load_failure(StartupError(detail, hint="See the traceback in the log."))
    else:
        names = ", ".join(model.name for model in facecraft.runtime.models)
        logger.info("Ready on %s with %s.", facecraft.runtime.device, names)
        if service.memory_bound_bytes is not None:
            logger.info("Resident memory stays under %.1f GB.", service.memory_bound_bytes / 1e9)
    finally:
        loader.shutdown(wait=False)


class Application(FastAPI):
    """FastAPI inside of RequestMiddleware, with a completed OpenAPI document."""

    def __init__(
        self, service: Service, tracing: Tracing, lifespan: "Lifespan[FastAPI]", routers: Sequence[APIRouter]
    ) -> None:
        super().__init__(
            title="Facecraft",
            summary="A portrait photo in, a finished portrait out.",
            version=__version__,
            license_info={"name": "MIT", "identifier": "MIT"},
            servers=openapi.SERVERS,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,  # it would send the photo and the key again, to an address without TLS
            lifespan=lifespan,
            generate_unique_id_function=lambda route: route.name,
        )
        self.state.service = service
        self._tracing = tracing
        every = (self.router, *routers)  # FastAPI's own route, /openapi.json, is in the first one
        self.state.paths = {getattr(route, "path", "") for router in every for route in router.routes}
        for router in routers:
            self.include_router(router)

    def build_middleware_stack(self) -> ASGIApp:
        # Outside of Starlette's own middleware, which answers unexpected errors.
        app = self._tracing.wrap(super().build_middleware_stack())
        service = self.state.service
        return RequestMiddleware(app, service.metrics, self.state.paths, service.settings.trusted_proxies)

    def openapi(self) -> dict[str, Any]:
        return openapi.describe(super().openapi(), keys_set=bool(self.state.service.keys))
