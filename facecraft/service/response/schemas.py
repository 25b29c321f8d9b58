"""The JSON bodies."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from facecraft.types import ImageFormat, RuleStatus

Pixels = Annotated[float, Field(description="Pixels of the upright picture.")]


class HealthBody(BaseModel):
    status: Literal["ok"] = "ok"


class LicenceBody(BaseModel):
    name: str
    url: str
    commercial_use: bool = Field(description="Whether the licence allows commercial use.")


class LoadedModelBody(BaseModel):
    name: str
    task: str
    licence: str
    commercial_use: bool


class ReadyBody(BaseModel):
    status: Literal["ready"] = "ready"
    device: str = Field(description="Where the models run.", examples=["cpu"])
    models: list[LoadedModelBody]


class ModelBody(BaseModel):
    name: str
    task: str
    licence: LicenceBody
    bytes: int = Field(description="Size of the model's file.")
    sha256: str
    sets: list[str] = Field(description="The sets of `facecraft models pull` that it is in.")
    loaded: bool = Field(description="Whether this service runs it.")
    takes: list[str] = Field(
        description="Names of the options that have a meaning for this model only.", examples=[["fidelity"]]
    )


class ModelsBody(BaseModel):
    models: list[ModelBody]


class FaceBody(BaseModel):
    bbox: list[Pixels] = Field(
        min_length=4, max_length=4, description="x1, y1, x2, y2; the last two exclusive."
    )
    landmarks: list[Annotated[list[Pixels], Field(min_length=2, max_length=2)]] = Field(
        min_length=5, max_length=5, description="x, y of eyes, nose and mouth corners, image-left first."
    )
    score: float = Field(ge=0, le=1, description="The detector's confidence.")


class SourceBody(BaseModel):
    width: int = Field(description="Pixels, upright.")
    height: int = Field(description="Pixels, upright.")
    format: ImageFormat = Field(description="By content, not by name.")
    frames: int = Field(description="Pictures in the file; only the first is used.")


class DetectBody(BaseModel):
    faces: list[FaceBody] = Field(description="Largest first.")
    source: SourceBody
    timings_ms: dict[str, float] = Field(description="Milliseconds by stage, in order of execution.")


class ImageBody(BaseModel):
    media_type: Literal["image/jpeg", "image/png", "image/webp"]
    width: int
    height: int
    quality: int | None = Field(description="Of the encoder; null for PNG.")
    base64: str = Field(description="The finished picture.")


class NoteBody(BaseModel):
    code: str = Field(examples=["source_small"])
    detail: str = Field(description="What turned out otherwise than one may think.")


class RuleBody(BaseModel):
    name: str = Field(examples=["head_height"])
    status: RuleStatus
    value: float | None = Field(description="As measured; null where it could not be.")
    least: float | None = Field(description="The smallest value that passes; null where there is none.")
    most: float | None = Field(description="The largest value that passes; null where there is none.")
    unit: str
    detail: str = Field(description="What the value is.")


class VerdictBody(BaseModel):
    status: RuleStatus = Field(description="fail if any rule fails; unknown if any that has a limit is.")
    rules: list[RuleBody]


class ProcessBody(DetectBody):
    restored: int = Field(description="How many of the faces were restored.")
    restorer: str = Field(description="The restorer that was used, or none.")
    notes: list[NoteBody]
    verdict: VerdictBody | None
    image: ImageBody


class CheckBody(DetectBody):
    verdict: VerdictBody


Range = Annotated[list[float], Field(min_length=2, max_length=2, description="Least and most.")]


class PresetBody(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    title: str
    width: int = Field(description="Pixels.")
    height: int = Field(description="Pixels.")
    dpi: int | None
    width_mm: float | None
    height_mm: float | None
    head: Range = Field(description="Chin to crown as a share of the height: least and most.")
    eye_line: Range | None = Field(description="Eyes over the lower edge, likewise; null where no rule is.")
    top_margin: Range | None = Field(description="Crown to the upper edge, likewise.")
    background: list[str] = Field(description="Colours that are accepted.")
    replace_background: bool = Field(description="Whether the first of them is put behind the person.")
    retouching: bool = Field(description="Whether the rule allows it; if not, nothing is restored.")
    format: ImageFormat
    max_kb: int | None
    source: str = Field(description="Where the rule is.")
    date: dt.date = Field(description="When it was published, or last known to hold.")
    note: str


class PresetsBody(BaseModel):
    presets: list[PresetBody]


class ProblemBody(BaseModel):
    """RFC 9457."""

    type: str = Field(examples=["urn:facecraft:problem:no_face_found"])
    title: str
    status: int
    detail: str = Field(description="What happened.")
    code: str = Field(description="Stable name of the kind of error.", examples=["no_face_found"])
    hint: str = Field(description="What to do about it.")
    limit: float | int | None = Field(
        default=None,
        description="The limit that was met, in the unit that detail names; absent where there is none.",
    )
    request_id: str = Field(
        default="-", description="As in the header X-Request-ID and in the service's log.", examples=["-"]
    )
