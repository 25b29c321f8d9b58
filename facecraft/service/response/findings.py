"""Convert portraits, detections and checks to responses."""

from typing import TYPE_CHECKING

from fastapi import Response
from pydantic import BaseModel

from facecraft.imaging.formats import MEDIA_TYPES
from facecraft.service.response.portrait import PortraitResponse
from facecraft.service.response.schemas import (
    CheckBody,
    ComponentBody,
    DetectBody,
    ImageBody,
    NoteBody,
    ProcessBody,
    VerdictBody,
)

if TYPE_CHECKING:
    from facecraft.results import Check, Detection, Findings, Portrait
    from facecraft.types import Verdict


def portrait_response(portrait: "Portrait", *, as_json: bool) -> PortraitResponse:
    """The image with its findings in headers, or everything as JSON."""
    headers = {
        **_findings_headers(portrait),
        "X-Facecraft-Restored": str(portrait.restored),
        "X-Facecraft-Restorer": portrait.restorer,
    }
    if portrait.notes:
        headers["X-Facecraft-Notes"] = ", ".join(note.code for note in portrait.notes)
    if portrait.verdict is not None:
        headers["X-Facecraft-Verdict"] = portrait.verdict.status
    if portrait.source.frames > 1:
        headers["X-Facecraft-Source-Frames"] = str(portrait.source.frames)
    media_type = MEDIA_TYPES[portrait.format]
    if not as_json:
        return PortraitResponse(portrait.data, media_type, headers)
    body = ProcessBody(
        **portrait.findings(),
        restored=portrait.restored,
        restorer=portrait.restorer,
        cleaned=portrait.cleaned,
        face=portrait.face,
        notes=[NoteBody(code=note.code, detail=note.detail) for note in portrait.notes],
        verdict=None if portrait.verdict is None else VerdictBody(**portrait.verdict.members()),
        quality=None if portrait.verdict is None else _quality(portrait.verdict),
        image=ImageBody(
            media_type=media_type,
            width=portrait.width,
            height=portrait.height,
            quality=portrait.quality,
            base64="",
        ),
    )
    # The image is the last member, and base64 its last: the text goes in before the end.
    before, mark, after = body.model_dump_json().rpartition('"base64":"')
    around = ((before + mark).encode(), after.encode())
    return PortraitResponse(portrait.data, "application/json", headers, around)


def detection_response(detection: "Detection") -> Response:
    return _json_response(DetectBody(**detection.findings()), _findings_headers(detection))


def check_response(check: "Check") -> Response:
    judged = VerdictBody(**check.verdict.members())
    body = CheckBody(**check.findings(), verdict=judged, quality=_quality(check.verdict))
    return _json_response(body, _findings_headers(check) | {"X-Facecraft-Verdict": check.verdict.status})


def _quality(verdict: "Verdict") -> list[ComponentBody]:
    return [ComponentBody(**members) for members in verdict.quality_members()]


def _findings_headers(findings: "Findings") -> dict[str, str]:
    timings = ", ".join(f"{stage};dur={ms:.1f}" for stage, ms in findings.timings_ms.items())
    return {"Server-Timing": timings, "X-Facecraft-Faces": str(len(findings.faces))}


def _json_response(body: BaseModel, headers: dict[str, str]) -> Response:
    return Response(body.model_dump_json(), media_type="application/json", headers=headers)
