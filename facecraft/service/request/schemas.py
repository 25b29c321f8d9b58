"""The bodies of requests and their options, for the OpenAPI document."""

from typing import Any, TypeAlias

from facecraft.imaging.formats import READABLE_LIST
from facecraft.options import Options
from facecraft.service.request.media import FORM

Json: TypeAlias = dict[str, Any]

FILE: Json = {"type": "string", "format": "binary", "description": f"The photo: {READABLE_LIST}."}
BASE64: Json = {
    "type": "string",
    "contentEncoding": "base64",
    "description": f"The photo as base64, or a data: URL with it: {READABLE_LIST}.",
}
FILES: Json = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "string", "format": "binary"},
    "description": "The photos, after all options.",
}
PRESET_PARAMETER: Json = {
    "name": "preset",
    "in": "query",
    "required": False,
    "description": "The preset, instead of the field or member of the same name.",
    "schema": {"type": "string"},
}


def takes_photo(call: str) -> Json:
    """The request of `/process`, `/check`, `/detect` or `/preview`: one photo, in any kind of body."""
    content = {
        FORM: {"schema": _ref(f"{call}Form")},
        "application/json": {"schema": _ref(f"{call}Json")},
        "image/*": {"schema": {"type": "string", "format": "binary"}},
    }
    taken: Json = {"requestBody": {"required": True, "content": content}}
    parameters = [PRESET_PARAMETER] if "preset" in CALLS[call] else []
    if f"{call}Query" in SCHEMAS:
        parameters.append(
            {
                "name": "options",
                "in": "query",
                "required": False,
                "style": "form",
                "explode": True,
                "description": "The other options, each under its own name, if the photo is the whole body.",
                "schema": _ref(f"{call}Query"),
                "example": {},
            }
        )
    return taken | {"parameters": parameters} if parameters else taken


def takes_form(name: str) -> Json:
    """The request of `/batch`."""
    content = {FORM: {"schema": _ref(name)}}
    return {"requestBody": {"required": True, "content": content}, "parameters": [PRESET_PARAMETER]}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Json, *required: str) -> Json:
    schema: Json = {"type": "object", "additionalProperties": False, "properties": properties}
    return schema | {"required": list(required)} if required else schema


def _field(option: Json) -> Json:
    """The schema of an option.

    A field is never null, because it can be omitted. Its default is in the description only: tools would send
    a default, and a sent option overrides the preset's.
    """
    field = {key: value for key, value in option.items() if key not in ("default", "anyOf")}
    if "anyOf" in option:
        kinds = [schema for schema in option["anyOf"] if schema != {"type": "null"}]
        field = {**(kinds[0] if len(kinds) == 1 else {"anyOf": kinds}), **field}
    if option.get("default") is not None:
        field["description"] += f" Default: {option['default']}."
    return field


OPTIONS: Json = {name: _field(option) for name, option in Options.model_json_schema()["properties"].items()}
CALLS: dict[str, Json] = {
    "Process": OPTIONS,
    "Check": {"preset": OPTIONS["preset"]},
    "Detect": {},
    "Preview": {},
}
SCHEMAS: Json = {
    **{f"{call}Form": _object({"file": FILE, **options}, "file") for call, options in CALLS.items()},
    **{f"{call}Json": _object({"file": BASE64, **options}, "file") for call, options in CALLS.items()},
    # The options are in the order for sending them.
    "BatchForm": _object({**OPTIONS, "file": FILES}, "file"),
    "ProcessQuery": _object({name: field for name, field in OPTIONS.items() if name != "preset"}),
}
