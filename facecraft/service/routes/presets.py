"""The route for presets."""

from fastapi import APIRouter

from facecraft.service.response.schemas import PresetBody, PresetsBody
from facecraft.service.state import ServiceDep

router = APIRouter()


@router.get("/presets", summary="List the presets")
async def presets(service: ServiceDep) -> PresetsBody:
    """Every value of the option `preset`, with its rules, their source and their date."""
    return PresetsBody(presets=[PresetBody.model_validate(preset) for preset in service.presets.values()])
