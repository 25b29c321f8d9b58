"""Parts of the OpenAPI document that FastAPI does not know, because it does not parse the bodies."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from facecraft.errors import (
    CannotFit,
    CrossSite,
    DeadlineExceeded,
    FacecraftError,
    ImageTooLarge,
    InferenceFailed,
    InvalidOption,
    NoFaceFound,
    NotReady,
    QueueFull,
    RequestError,
    TooManyFaces,
    TooManyFiles,
    Unauthorized,
    UndecodableImage,
    UnsupportedEncoding,
    UnsupportedFormat,
    UploadTimeout,
    UploadTooLarge,
)
from facecraft.service.request.access import is_open
from facecraft.service.request.negotiation import IMAGE_TYPES
from facecraft.service.request.schemas import SCHEMAS, takes_form, takes_photo
from facecraft.service.response.problems import MEDIA_TYPE, problem_body
from facecraft.service.response.schemas import CheckBody, DetectBody, ProblemBody, ProcessBody

Json: TypeAlias = dict[str, Any]

SERVERS = [{"url": "./", "description": "This service, behind any prefix."}]

EXAMPLES: Mapping[type[FacecraftError], tuple[str, float | None]] = {
    RequestError: ("The multipart body breaks off before its last boundary.", None),
    UndecodableImage: ("The JPEG is damaged: 62 % of the photo is there.", None),
    UploadTimeout: ("Nothing arrived for 10 seconds.", 10),
    UploadTooLarge: ("The file has 63.2 MB; at most 50 MB are taken.", 50_000_000),
    ImageTooLarge: ("The picture of 9248 x 6936 has 64.2 megapixels; at most 40 are taken.", 40_000_000),
    UnsupportedFormat: ("The file is a PDF file, which is not accepted.", None),
    UnsupportedEncoding: ("The body has the Content-Encoding gzip.", None),
    InvalidOption: ("The option strength is wrong: Input should be less than or equal to 1.", None),
    TooManyFiles: ("The batch has more than 10000 files.", 10_000),
    CannotFit: ("Even at 32 x 40 pixels the portrait takes 1204 bytes.", 1000),
    NoFaceFound: ("No face was found in the picture.", None),
    TooManyFaces: ("60 faces take about 55 seconds, but the portrait must be finished within 30.", 32),
    Unauthorized: ("The key is not valid.", None),
    CrossSite: ("A page of another site sent this request.", None),
    QueueFull: ("2 of 2 workers are busy, and 16 requests wait.", 16),
    NotReady: ("The models are loading.", None),
    DeadlineExceeded: ("The portrait was not finished within 30 seconds.", 30),
    InferenceFailed: ("The models failed on this picture.", None),
}
"""A detail and its limit, by error."""
UPLOAD_ERRORS = (
    RequestError,
    UndecodableImage,
    UploadTimeout,
    UploadTooLarge,
    ImageTooLarge,
    UnsupportedFormat,
    UnsupportedEncoding,
    InvalidOption,
    InferenceFailed,
    QueueFull,
    NotReady,
    DeadlineExceeded,
    CrossSite,
)
BATCH_ERRORS = (
    RequestError,
    UploadTimeout,
    TooManyFiles,
    UnsupportedEncoding,
    InvalidOption,
    QueueFull,
    NotReady,
    CrossSite,
)
SECURITY_SCHEMES: Json = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same key as a bearer token."},
}


def problems(*errors: type[FacecraftError]) -> dict[int | str, Json]:
    """The responses of these errors, by status, with an example of each."""
    responses: dict[int | str, Json] = {}
    for error in errors:
        content = {"schema": {"$ref": "#/components/schemas/ProblemBody"}, "examples": {}}
        response = responses.setdefault(error.status, {"content": {MEDIA_TYPE: content}})
        detail, limit = EXAMPLES[error]
        body = problem_body(error, detail, limit).model_dump(exclude_none=True)
        response["content"][MEDIA_TYPE]["examples"][error.code] = {"value": body}
        if error.status == NotReady.status:
            response["headers"] = {"Retry-After": _header("Seconds after which to try again.", "integer")}
        if error.status == Unauthorized.status:
            response["headers"] = {"WWW-Authenticate": _header("The scheme of the keys.", "string")}
        if error is UnsupportedEncoding:
            response["headers"] = {"Accept-Encoding": _header("identity, with this code.", "string")}
    for response in responses.values():
        response["description"] = ", ".join(response["content"][MEDIA_TYPE]["examples"])
    return responses


def describe(document: Json, *, keys_set: bool) -> Json:
    """Add the schemas of forms and problems, and the need for a key, to FastAPI's document."""
    components = document["components"]
    schemas = {**components["schemas"], **SCHEMAS, "ProblemBody": ProblemBody.model_json_schema()}
    components = {**components, "schemas": schemas}
    if keys_set:
        components["securitySchemes"] = SECURITY_SCHEMES
    paths = {
        path: item if is_open(path) else _describe_closed(item, keys_set=keys_set)
        for path, item in document["paths"].items()
    }
    return {**document, "paths": paths, "components": components}


def _describe_closed(item: Json, *, keys_set: bool) -> Json:
    refusal = {str(status): response for status, response in problems(Unauthorized).items()}
    security: Json = {"security": [{name: []} for name in SECURITY_SCHEMES]} if keys_set else {}
    return {
        method: {**operation, "responses": {**operation["responses"], **refusal}, **security}
        for method, operation in item.items()
    }


def _header(description: str, type_: str) -> Json:
    return {"description": description, "schema": {"type": type_}}


def _binary(*media_types: str) -> Json:
    return {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in media_types}


FINDINGS_HEADERS = {
    "Server-Timing": _header("Milliseconds of each stage.", "string"),
    "X-Facecraft-Faces": _header("Number of faces found.", "integer"),
}
VERDICT_HEADER = _header(
    "pass, fail or unknown. Present if a preset was given or the response is JSON.", "string"
)
PORTRAIT_HEADERS = {
    **FINDINGS_HEADERS,
    "X-Facecraft-Restored": _header("Number of faces that were cleaned or restored.", "integer"),
    "X-Facecraft-Restorer": _header("Name of the restorer of faces, else of the cleaner, or none.", "string"),
    "X-Facecraft-Notes": _header("Codes of the notes. Absent without notes.", "string"),
    "X-Facecraft-Verdict": VERDICT_HEADER,
    "X-Facecraft-Source-Frames": _header("Pictures in the file. Present if there are several.", "integer"),
}
PROCESS_HEADERS = {
    **{
        name: {**header, "description": f"{header['description']} Absent with each=true."}
        for name, header in PORTRAIT_HEADERS.items()
    },
    "Content-Disposition": _header("The name portraits.zip. Present with each=true.", "string"),
}
PROCESS: Json = {
    "summary": "Process a portrait",
    "openapi_extra": takes_photo("Process"),
    "responses": {
        200: {
            "description": "The portrait: an image, or JSON if Accept prefers it; with each=true a ZIP",
            "model": ProcessBody,
            "content": _binary(*IMAGE_TYPES, "application/zip"),
            "headers": PROCESS_HEADERS,
        },
        **problems(*UPLOAD_ERRORS, NoFaceFound, TooManyFaces, CannotFit),
    },
}
CHECK: Json = {
    "summary": "Check a photo",
    "openapi_extra": takes_photo("Check"),
    "responses": {
        200: {
            "description": "The verdict",
            "model": CheckBody,
            "headers": {**FINDINGS_HEADERS, "X-Facecraft-Verdict": VERDICT_HEADER},
        },
        **problems(*UPLOAD_ERRORS),
    },
}
DETECT: Json = {
    "summary": "Detect faces",
    "openapi_extra": takes_photo("Detect"),
    "responses": {
        200: {"description": "The faces", "model": DetectBody, "headers": FINDINGS_HEADERS},
        **problems(*UPLOAD_ERRORS),
    },
}
BATCH: Json = {
    "summary": "Process many portraits",
    "openapi_extra": takes_form("BatchForm"),
    "responses": {
        200: {
            "description": "A ZIP with the portraits, manifest.json and manifest.csv. Each photo has an "
            "entry in both: file, output, status, verdict, failed_rules, notes, restorer, width, height, "
            "bytes, ms and its error; in the JSON also damages.",
            "content": _binary("application/zip"),
            "headers": {"Content-Disposition": _header("The name portraits.zip.", "string")},
        },
        **problems(*BATCH_ERRORS),
    },
}
