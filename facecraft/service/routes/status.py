"""The routes that describe the service itself."""

from fastapi import APIRouter, Depends, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from facecraft import catalogue
from facecraft.errors import NotReady, Unauthorized
from facecraft.service.openapi import problems
from facecraft.service.request.access import authorize
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


@router.get("/health", summary="Tell that the process is alive")
async def health() -> HealthBody:
    """200 as soon as the server listens."""
    return HealthBody()


@router.get("/ready", summary="Tell whether portraits can be processed", responses=problems(NotReady))
async def ready(service: ServiceDep) -> ReadyBody:
    """200 once every model is verified, loaded and warm; 503 with the reason before and during shutdown."""
    loaded = service.require_ready()
    models = [
        LoadedModelBody(
            name=model.name,
            task=model.task,
            licence=model.licence.name,
            commercial_use=model.licence.commercial_use,
        )
        for model in loaded.models
    ]
    return ReadyBody(device=loaded.device, models=models)


@router.get(
    "/metrics",
    summary="Get the metrics",
    response_class=PlainTextResponse,
    dependencies=[Depends(authorize)],
    responses=problems(Unauthorized),
)
async def metrics(service: ServiceDep) -> Response:
    """Counters, histograms and gauges in the text format of Prometheus."""
    return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.get(
    "/models",
    summary="List the models",
    dependencies=[Depends(authorize)],
    responses=problems(Unauthorized),
)
async def models(service: ServiceDep) -> ModelsBody:
    """Every model of models.lock, loaded or not."""
    known = catalogue.models()
    loaded = {model.name for model in service.loaded.models} if service.loaded else set()
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
                takes=list(known[model.name].takes) if model.name in known else [],
            )
            for model in service.lock.models.values()
        ]
    )
