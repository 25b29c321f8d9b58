"""The ASGI application."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from facecraft import __version__
from facecraft.errors import StartupError
from facecraft.service import openapi
from facecraft.service.middleware import RequestMiddleware
from facecraft.service.openapi import PORTRAIT_HEADERS
from facecraft.service.response.problems import add_problem_handlers
from facecraft.service.routes import batch as batches
from facecraft.service.routes import docs, page, portraits, status
from facecraft.service.state import Service
from facecraft.service.telemetry.tracing import Tracing, tracing

if TYPE_CHECKING:
    from facecraft.bootstrap import Runtime
    from facecraft.settings import Settings
    from facecraft.weights.lockfile import Lock

logger = logging.getLogger(__name__)

# What a script of another origin may read, where one may call at all.
EXPOSED = ("Retry-After", "X-Request-ID", *PORTRAIT_HEADERS)


def create_app(
    settings: "Settings",
    lock: "Lock",
    load: "Callable[[], Runtime]",
    on_load_failure: Callable[[StartupError], None],
) -> FastAPI:
    """The application. `app.state.service` holds its Service.

    Args:
        settings: those of the process.
        lock: what /models tells.
        load: slow; called once in a thread, while requests are answered already.
        on_load_failure: called on the event loop when `load` raised; it is to end the process.

    Raises:
        SettingInvalid: traces are asked for and cannot be made.
    """
    service = Service(settings=settings, lock=lock)

    traces = tracing()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(_load(service, load, on_load_failure))
        yield
        service.draining = True
        loading.cancel()
        if service.loaded is not None:
            await service.admission.close()
        await asyncio.to_thread(traces.end)

    app = _Application(
        title="Facecraft",
        summary="A portrait photo in, a restored portrait out.",
        version=__version__,
        license_info={"name": "MIT"},
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.service = service
    app.state.traces = traces
    for router in (portraits.router, batches.router, status.router, docs.router):
        app.include_router(router)
    if settings.page == "on":
        app.include_router(page.router)
    add_problem_handlers(app)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["X-API-Key", "Authorization", "X-Request-ID"],
            expose_headers=EXPOSED,
        )
    return app


async def _load(
    service: Service, load: "Callable[[], Runtime]", on_load_failure: Callable[[StartupError], None]
) -> None:
    # A pool of its own: asyncio waits for the default one when it ends, and loading can take minutes.
    loader = ThreadPoolExecutor(1, thread_name_prefix="load")
    try:
        loaded = await asyncio.get_running_loop().run_in_executor(loader, load)
        service.open(loaded)
    except StartupError as error:
        on_load_failure(error)
    except Exception as error:
        logger.exception("Loading the models failed.")
        detail = f"Loading the models failed: {type(error).__name__}: {error}."
        on_load_failure(StartupError(detail, hint="See the traceback in the log."))
    else:
        names = ", ".join(model.name for model in loaded.models)
        logger.info("Ready on %s with %s.", loaded.device, names)
        if service.memory_bound_bytes is not None:
            logger.info("Resident memory stays under %.1f GB.", service.memory_bound_bytes / 1e9)
    finally:
        loader.shutdown(wait=False)


class _Application(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        # Outside of Starlette's own, which answers what nobody expected.
        traces: Tracing = self.state.traces
        return RequestMiddleware(traces.around(super().build_middleware_stack()), self.state.service.metrics)

    def openapi(self) -> dict[str, Any]:
        self.openapi_version = openapi.VERSION
        service: Service = self.state.service
        return openapi.describe(super().openapi(), secured=bool(service.settings.api_keys))
