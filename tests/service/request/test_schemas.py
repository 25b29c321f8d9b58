"""What the OpenAPI document says of bodies and options."""

from typing import Any

import httpx
import pytest

from facecraft.options import Options

Json = dict[str, Any]


@pytest.fixture
def document(client: httpx.Client) -> Json:
    described: Json = client.get("/openapi.json").json()
    return described


def form(document: Json, path: str) -> Json:
    schema = document["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    described: Json = document["components"]["schemas"][schema["$ref"].removeprefix("#/components/schemas/")]
    return described


def test_no_form_has_a_field_that_is_null(document: Json) -> None:
    for path in ("/process", "/detect", "/preview", "/check", "/batch"):
        for field in form(document, path)["properties"].values():
            assert "null" not in [kind["type"] for kind in field.get("anyOf", [field])]


def test_the_form_of_process_has_the_file_and_every_option_with_its_range(document: Json) -> None:
    schema = form(document, "/process")
    assert schema["required"] == ["file"]
    assert schema["properties"]["file"]["format"] == "binary"
    assert set(schema["properties"]) == {"file", *Options.model_fields}
    assert all(option["description"] for option in schema["properties"].values())
    options = schema["properties"]
    assert (options["strength"]["minimum"], options["strength"]["maximum"]) == (0, 1)
    assert options["strength"]["description"].endswith("Default: 1.0.")
    assert (options["quality"]["type"], options["quality"]["maximum"]) == ("integer", 100)
    assert options["format"]["enum"] == ["auto", "jpeg", "png", "webp", "avif"]
    assert options["faces"]["anyOf"] == [
        {"type": "string", "enum": ["all", "largest"]},
        {"type": "integer", "minimum": 1, "maximum": 1000},
    ]
    assert options["require_face"] == {
        "type": "boolean",
        "title": "Require Face",
        "description": options["require_face"]["description"],
    }


def test_the_form_of_detect_has_the_file_alone(document: Json) -> None:
    assert set(form(document, "/detect")["properties"]) == {"file"}


def test_no_field_has_a_default_that_a_tool_would_send(document: Json) -> None:
    # An option that is given overrides the preset's.
    for path in ("/process", "/check", "/batch"):
        fields = form(document, path)["properties"].values()
        assert not [field for field in fields if "default" in field or "example" in field]


def test_a_form_with_every_field_empty_is_accepted(client: httpx.Client) -> None:
    fields = dict.fromkeys(Options.model_fields, "")
    assert client.post("/process", files={"file": b"any bytes"}, data=fields).status_code == 200


def test_the_preset_may_be_in_the_query(document: Json) -> None:
    parameters = {
        path: [(each["in"], each["name"], each["required"]) for each in operation.get("parameters", ())]
        for path, item in document["paths"].items()
        for operation in item.values()
    }
    preset = ("query", "preset", False)
    assert {path: each[0] for path, each in parameters.items() if each} == dict.fromkeys(
        ("/process", "/check", "/batch"), preset
    )


def test_a_photo_that_is_the_whole_body_has_every_option_in_the_query(document: Json) -> None:
    preset, options = document["paths"]["/process"]["post"]["parameters"]
    assert (options["in"], options["style"], options["explode"]) == ("query", "form", True)
    schemas = document["components"]["schemas"]
    names = set(schemas[options["schema"]["$ref"].removeprefix("#/components/schemas/")]["properties"])
    assert names | {preset["name"]} == set(Options.model_fields)


def test_a_photo_is_sent_in_a_form_in_json_or_alone(document: Json) -> None:
    for path in ("/process", "/check", "/detect", "/preview"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        assert list(content) == ["multipart/form-data", "application/json", "image/*"]
        assert content["image/*"]["schema"] == {"type": "string", "format": "binary"}
        schema = content["application/json"]["schema"]["$ref"].removeprefix("#/components/schemas/")
        described = document["components"]["schemas"][schema]
        assert set(described["properties"]) == set(form(document, path)["properties"])
        assert described["properties"]["file"]["contentEncoding"] == "base64"
    assert list(document["paths"]["/batch"]["post"]["requestBody"]["content"]) == ["multipart/form-data"]


def test_a_batch_takes_many_files_after_its_options(document: Json) -> None:
    schema = form(document, "/batch")
    assert list(schema["properties"]) == [*Options.model_fields, "file"]
    assert schema["properties"]["file"]["items"] == {"type": "string", "format": "binary"}
