"""The JSON bodies of responses."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic.json_schema import SkipJsonSchema

from facecraft.imaging.formats import MEDIA_TYPES, READABLE
from facecraft.types import ImageFormat, NoteCode, RuleStatus

Pixels = Annotated[float, Field(description="Pixels of the upright photo, in its own size.")]


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
    device: str = Field(description="Where the models run.", examples=["cpu, 2 threads"])
    models: list[LoadedModelBody]


class ModelBody(BaseModel):
    name: str
    task: str
    licence: LicenceBody
    bytes: int = Field(description="Size of the model's file.")
    sha256: str
    sets: list[str] = Field(description="The model's sets for `facecraft models pull`.")
    loaded: bool = Field(description="Whether this service runs it.")
    takes: list[str] = Field(
        description="Names of the options that only models like this one use.", examples=[["fidelity"]]
    )


class ModelsBody(BaseModel):
    models: list[ModelBody]


class DamageBody(BaseModel):
    detail: float = Field(
        description="Finest detail that is really there, in cycles a side of the face's aligned square. "
        "Good: 70 or more, or 0.35 times square_px. Under 45 is very little."
    )
    noise: float = Field(description="Standard deviation in each channel, in levels of 255. Good: under 4.5.")
    square_px: float = Field(description="Side of the square in the photo. It shows half as many cycles.")
    jpeg_quality: int | None = Field(
        description="Of the file, by its tables. null if it is no JPEG. Good: 70 or more."
    )
    grey: bool = Field(description="Whether the photo has no colours.")


class FaceBody(BaseModel):
    bbox: list[Pixels] = Field(
        min_length=4, max_length=4, description="x1, y1, x2, y2. The last two are exclusive."
    )
    landmarks: list[Annotated[list[Pixels], Field(min_length=2, max_length=2)]] = Field(
        min_length=5,
        max_length=5,
        description="x, y of both eyes, the nose and both mouth corners. The left one in the image first.",
    )
    score: float = Field(ge=0, le=1, description="Confidence of the detector.")
    damage: DamageBody | None = Field(
        description="What the photo has lost at the face. null if not measured, as in /detect."
    )


class SourceBody(BaseModel):
    width: int = Field(description="Pixels, upright.")
    height: int = Field(description="Pixels, upright.")
    format: str = Field(
        description="By content, not by file name.", json_schema_extra={"enum": list(READABLE)}
    )
    frames: int = Field(description="Pictures in the file. Only the first is used.")
    jpeg_quality: int | None = Field(description="By its tables. null if it is no JPEG.")
    turned_deg: int = Field(
        description="By how much it was turned clockwise, because its faces were not upright.",
        json_schema_extra={"enum": [0, 90, 180, 270]},
    )
    share: float = Field(
        ge=0, le=1, description="Share of the photo that is in its file. Under 1 if the file is damaged."
    )
    reduced: int = Field(
        description="Times that the photo has more pixels in width and height than were decoded.",
        json_schema_extra={"enum": [1, 2, 4, 8]},
    )


class DetectBody(BaseModel):
    faces: list[FaceBody] = Field(description="Every face, the largest first.")
    source: SourceBody
    timings_ms: dict[str, float] = Field(description="Milliseconds of each stage, in order of execution.")


class ImageBody(BaseModel):
    media_type: str = Field(json_schema_extra={"enum": list(MEDIA_TYPES.values())})
    width: int
    height: int
    quality: int | None = Field(description="Quality of the encoder, 1 to 100. null for PNG.")
    base64: str = Field(description="The image file, in Base64.")


class PreviewBody(BaseModel):
    source: SourceBody
    image: ImageBody = Field(description="The photo, upright, at most 1600 pixels on each side, as WebP.")


class NoteBody(BaseModel):
    code: NoteCode
    detail: str = Field(description="A decision that was made for the caller, in one sentence.")


class RuleBody(BaseModel):
    name: str = Field(examples=["head_height"])
    status: RuleStatus
    value: float | None = Field(description="The measured value. null if it could not be measured.")
    least: float | None = Field(description="The smallest value that passes. null without a lower limit.")
    most: float | None = Field(description="The largest value that passes. null without an upper limit.")
    unit: str
    detail: str = Field(description="The meaning of the value.")
    advice: str | None = Field(description="What to do about it, in one sentence. null unless it fails.")


class VerdictBody(BaseModel):
    status: RuleStatus = Field(
        description="fail if any rule fails; else unknown if a rule with a limit is unknown; else pass."
    )
    rules: list[RuleBody]


class ComponentBody(BaseModel):
    """A component of ISO/IEC 29794-5, computed on MediaPipe's mesh. It is not certified."""

    name: str
    value: float | None = Field(description="The raw value. null if it could not be measured.")
    quality: int | None = Field(ge=0, le=100, description="Of the raw value. null if there is none.")
    unit: str = Field(description="T is the distance from the middle of the eyes to the chin.")
    detail: str = Field(description="The meaning of the raw value.")


class ProcessBody(DetectBody):
    restored: int = Field(description="Number of faces that were cleaned or restored.")
    restorer: str = Field(description="Name of the restorer of faces, else of the cleaner, or none.")
    cleaned: bool = Field(description="Whether the photo was cleaned.")
    face: int | None = Field(
        description="Number of the face in faces whose portrait it is, from 1. null without a face."
    )
    notes: list[NoteBody]
    verdict: VerdictBody | None
    quality: list[ComponentBody] | None = Field(
        description="Of the portrait, by ISO/IEC 29794-5. The encoder's is in image."
    )
    image: ImageBody


class CheckBody(DetectBody):
    verdict: VerdictBody
    quality: list[ComponentBody] = Field(description="Of the photo, by ISO/IEC 29794-5.")


Range = Annotated[
    list[float], Field(min_length=2, max_length=2, description="The smallest and the largest value.")
]


class PresetBody(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    title: str
    width: int = Field(description="Pixels.")
    height: int = Field(description="Pixels.")
    dpi: int | None
    width_mm: float | None
    height_mm: float | None
    head: Range = Field(description="Chin to crown, as a share of the height: smallest and largest.")
    eye_line: Range | None = Field(
        description="Eyes above the lower edge, as a share of the height. null without such a rule."
    )
    top_margin: Range | None = Field(
        description="Crown to the upper edge, as a share of the height. null without such a rule."
    )
    background: list[str] = Field(description="The accepted colours.")
    replace_background: bool = Field(
        description="Whether the first of these colours replaces the background."
    )
    retouching: bool = Field(description="Whether retouching is allowed. If not, nothing is restored.")
    document: bool = Field(
        description="Whether an authority set the ranges. If not, a tight photo relaxes them."
    )
    format: ImageFormat
    max_kb: int | None
    source: str = Field(description="Where the rule is published.")
    date: dt.date = Field(description="When the rule was published or last verified.")
    note: str


class PresetsBody(BaseModel):
    presets: list[PresetBody]


def _drop_default(schema: JsonDict) -> None:
    del schema["default"]


class ProblemBody(BaseModel):
    """A problem, by RFC 9457."""

    type: str = Field(examples=["urn:facecraft:problem:no_face_found"])
    title: str
    status: int
    detail: str = Field(description="What happened.")
    code: str = Field(description="Stable name of the kind of error.", examples=["no_face_found"])
    hint: str = Field(description="What to do about it.")
    limit: float | int | SkipJsonSchema[None] = Field(
        default=None,
        description="The exceeded limit, in the unit in detail; in bytes or pixels where that has MB or "
        "megapixels. Absent without a limit.",
        json_schema_extra=_drop_default,  # it is never null
    )
    request_id: str = Field(
        default="-",
        description="The id in the header X-Request-ID and in the service's log.",
        examples=["-"],
    )
