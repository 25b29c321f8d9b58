"""What FastAPI cannot see for its OpenAPI document, as bodies are read and answers are built by hand."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from facecraft.errors import (
    CannotFit,
    DeadlineExceeded,
    FacecraftError,
    ImageTooLarge,
    InferenceFailed,
    InvalidOption,
    NoFaceFound,
    NotReady,
    QueueFull,
    RequestError,
    TooManyFiles,
    Unauthorized,
    UndecodableImage,
    UnsupportedFormat,
    UploadTimeout,
    UploadTooLarge,
)
from facecraft.options import Options
from facecraft.service.response import problems as problem
from facecraft.service.response.schemas import CheckBody, DetectBody, ProblemBody, ProcessBody

Json: TypeAlias = dict[str, Any]

VERSION = "3.0.3"
"""The newest that the bundled Swagger UI shows."""

EXAMPLES: Mapping[type[FacecraftError], tuple[str, float | None]] = {
    RequestError: ("The multipart body breaks off before its last boundary.", None),
    UndecodableImage: ("The picture is cut off.", None),
    UploadTimeout: ("The upload took over 10 seconds.", 10),
    UploadTooLarge: ("The file is larger than 20000000 bytes.", 20_000_000),
    ImageTooLarge: ("The picture has 64000000 pixels.", 40_000_000),
    UnsupportedFormat: ("The file is a GIF.", None),
    InvalidOption: ("The option strength is wrong: Input should be less than or equal to 1.", None),
    TooManyFiles: ("The batch has more than 10000 files.", 10_000),
    CannotFit: ("Even at 32 x 40 pixels the portrait takes 1204 bytes.", 1000),
    NoFaceFound: ("No face was found in the picture.", None),
    Unauthorized: ("The key is not valid.", None),
    QueueFull: ("All 1 workers are busy and 16 requests wait already.", 16),
    NotReady: ("The models are loading.", None),
    DeadlineExceeded: ("The portrait was not finished within 30 seconds.", 30),
    InferenceFailed: ("The models failed on this picture.", None),
}
UPLOAD_ERRORS = (
    RequestError,
    UndecodableImage,
    Unauthorized,
    UploadTimeout,
    UploadTooLarge,
    ImageTooLarge,
    UnsupportedFormat,
    InvalidOption,
    InferenceFailed,
    QueueFull,
    NotReady,
    DeadlineExceeded,
)
SECURITY: Json = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
OPEN_PATHS = ("/health", "/ready")


def problems(*errors: type[FacecraftError]) -> dict[int | str, Json]:
    """The responses of these errors, by status, each with an example."""
    responses: dict[int | str, Json] = {}
    for error in errors:
        content = {"schema": {"$ref": "#/components/schemas/ProblemBody"}, "examples": {}}
        response = responses.setdefault(error.status, {"content": {problem.MEDIA_TYPE: content}})
        detail, limit = EXAMPLES[error]
        body = problem.body_of(error, detail, limit).model_dump(exclude_none=True)
        response["content"][problem.MEDIA_TYPE]["examples"][error.code] = {"value": body}
        if error.status in (NotReady.status, Unauthorized.status):
            name = "Retry-After" if error.status == NotReady.status else "WWW-Authenticate"
            response["headers"] = {name: {"schema": {"type": "string"}}}
    for response in responses.values():
        response["description"] = ", ".join(response["content"][problem.MEDIA_TYPE]["examples"])
    return responses


def describe(document: Json, *, secured: bool) -> Json:
    """FastAPI's document, completed, as OpenAPI 3.0."""
    components = document["components"]
    schemas = {**components["schemas"], "ProblemBody": ProblemBody.model_json_schema()}
    described = {**document, "components": {**components, "schemas": schemas}}
    if secured:
        described["components"]["securitySchemes"] = SECURITY
        described["paths"] = {
            path: item if path in OPEN_PATHS else _secured(item) for path, item in document["paths"].items()
        }
    complete: Json = _as_openapi_3_0(described)
    return complete


def _secured(item: Json) -> Json:
    return {
        method: {**operation, "security": [{name: []} for name in SECURITY]}
        for method, operation in item.items()
    }


def _as_openapi_3_0(node: Any) -> Any:
    """A JSON schema of today in the older dialect of OpenAPI 3.0."""
    if isinstance(node, list):
        return [_as_openapi_3_0(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _as_openapi_3_0(value) for key, value in node.items()}
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if isinstance(node.get("examples"), list):
        node["example"] = node.pop("examples")[0]
    if {"type": "null"} in node.get("anyOf", []):  # a field that may be left away, and is never sent as null
        kinds = [kind for kind in node.pop("anyOf") if kind != {"type": "null"}]
        node.pop("default", None)
        node = {**kinds[0], **node} if len(kinds) == 1 else {"anyOf": kinds, **node}
    return node


def _form(options: Json, *, many: bool = False) -> Json:
    file: Json = {"type": "string", "format": "binary"}
    if many:
        file = {
            "type": "array",
            "minItems": 1,
            "items": file,
            "description": "The photos, after all options.",
        }
    else:
        file["description"] = "The photo: JPEG, PNG or WebP."
    fields = {name: _unset(option) for name, option in options.items()}
    schema = {
        "type": "object",
        "required": ["file"],
        "additionalProperties": False,
        # In the order in which /docs sends them.
        "properties": {**fields, "file": file} if many else {"file": file, **fields},
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def _unset(option: Json) -> Json:
    """An option whose default is told in words: Swagger UI would send it, and so override a preset's."""
    told = {key: value for key, value in option.items() if key != "default"}
    if option.get("default") is not None:
        told["description"] += f" Default: {option['default']}."
    return told


def _header(description: str, type_: str) -> Json:
    return {"description": description, "schema": {"type": type_}}


FACES_HEADERS = {
    "Server-Timing": _header("Milliseconds by stage.", "string"),
    "X-Facecraft-Faces": _header("Number of faces found.", "integer"),
}
VERDICT_HEADER = _header("pass, fail or unknown; where there is a preset, or the answer is JSON.", "string")
PORTRAIT_HEADERS = {
    **FACES_HEADERS,
    "X-Facecraft-Restored": _header("Number of faces restored.", "integer"),
    "X-Facecraft-Restorer": _header("The restorer that was used, or none.", "string"),
    "X-Facecraft-Notes": _header("Codes of what turned out otherwise than one may think.", "string"),
    "X-Facecraft-Verdict": VERDICT_HEADER,
    "X-Facecraft-Source-Frames": _header("Pictures in the file, where there is more than one.", "integer"),
}
IMAGE_CONTENT = {
    media_type: {"schema": {"type": "string", "format": "binary"}}
    for media_type in ("image/jpeg", "image/png", "image/webp")
}
PROCESS: Json = {
    "summary": "Restore a portrait.",
    "openapi_extra": _form(Options.model_json_schema()["properties"]),
    "responses": {
        200: {
            "description": "The portrait",
            "model": ProcessBody,
            "content": IMAGE_CONTENT,
            "headers": PORTRAIT_HEADERS,
        },
        **problems(*UPLOAD_ERRORS, NoFaceFound, CannotFit),
    },
}
CHECK: Json = {
    "summary": "Judge a photo.",
    "openapi_extra": _form({"preset": Options.model_json_schema()["properties"]["preset"]}),
    "responses": {
        200: {
            "description": "The verdict",
            "model": CheckBody,
            "headers": {**FACES_HEADERS, "X-Facecraft-Verdict": VERDICT_HEADER},
        },
        **problems(*UPLOAD_ERRORS),
    },
}
BATCH: Json = {
    "summary": "Finish many photos.",
    "openapi_extra": _form(Options.model_json_schema()["properties"], many=True),
    "responses": {
        200: {
            "description": "The portraits, manifest.json and manifest.csv",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problems(
            RequestError, Unauthorized, UploadTimeout, TooManyFiles, InvalidOption, QueueFull, NotReady
        ),
    },
}
DETECT: Json = {
    "summary": "Find the faces.",
    "openapi_extra": _form({}),
    "responses": {
        200: {"description": "The faces", "model": DetectBody, "headers": FACES_HEADERS},
        **problems(*UPLOAD_ERRORS),
    },
}
