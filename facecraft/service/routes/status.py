"""The routes about the service itself."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from facecraft import catalogue
from facecraft.errors import NotReady
from facecraft.service.openapi import problems
from facecraft.service.response.schemas import (
    HealthBody,
    LicenceBody,
    LoadedModelBody,
    ModelBody,
    ModelsBody,
    ReadyBody,
)
from facecraft.service.state import ServiceDep

router = APIRouter()


@router.get("/health", summary="Check that the process runs")
async def health() -> HealthBody:
    """200 as soon as the server listens."""
    return HealthBody()


@router.get("/ready", summary="Check that the service accepts portraits", responses=problems(NotReady))
async def ready(service: ServiceDep) -> ReadyBody:
    """200 while the service accepts portraits: every model is verified, loaded and warmed up.

    503 with the reason while the models load and while the service shuts down.
    """
    runtime = service.ensure_ready()
    models = [
        LoadedModelBody(
            name=model.name,
            task=model.task,
            licence=model.licence.name,
            commercial_use=model.licence.commercial_use,
        )
        for model in runtime.models
    ]
    return ReadyBody(device=runtime.device, models=models)


@router.get("/metrics", summary="Read the metrics", response_class=PlainTextResponse)
async def metrics(service: ServiceDep) -> Response:
    """Counters, histograms and gauges, in the format of Prometheus."""
    return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/models", summary="List the models")
async def models(service: ServiceDep) -> ModelsBody:
    """Every model in models.lock, loaded or not."""
    specs = catalogue.models()
    loaded = {model.name for model in service.runtime.models} if service.runtime else set()
    return ModelsBody(
        models=[
            ModelBody(
                name=model.name,
                task=model.task,
                licence=LicenceBody(
                    name=model.licence.name,
                    url=model.licence.url,
                    commercial_use=model.licence.commercial_use,
                ),
                bytes=model.bytes,
                sha256=model.sha256,
                sets=list(model.sets),
                loaded=model.name in loaded,
                takes=list(specs[model.name].takes) if model.name in specs else [],
            )
            for model in service.lock.models.values()
        ]
    )
