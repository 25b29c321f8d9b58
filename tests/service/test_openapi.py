from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from facecraft.options import Options

Serve = Callable[..., httpx.Client]
Json = dict[str, Any]


@pytest.fixture
def document(client: httpx.Client) -> Json:
    described: Json = client.get("/openapi.json").json()
    return described


def nodes(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


def form(document: Json, path: str) -> Json:
    schema: Json = document["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    return schema


def test_it_has_every_call_of_the_contract_and_no_other(document: Json) -> None:
    calls = {(method, path) for path, item in document["paths"].items() for method in item}
    assert calls == {
        ("get", "/health"),
        ("get", "/ready"),
        ("get", "/models"),
        ("get", "/metrics"),
        ("post", "/process"),
        ("post", "/detect"),
        ("post", "/check"),
        ("post", "/batch"),
        ("get", "/presets"),
    }


def test_it_is_written_in_the_dialect_that_the_bundled_page_shows(document: Json) -> None:
    assert document["openapi"].startswith("3.0.")
    for node in nodes(document):
        assert node.get("type") != "null"
        assert not isinstance(node.get("examples"), list)
        assert "const" not in node
        assert "prefixItems" not in node


def test_its_references_lead_somewhere(document: Json) -> None:
    references = {node["$ref"] for node in nodes(document) if "$ref" in node}
    assert references == {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


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
    assert options["format"]["enum"] == ["auto", "jpeg", "png", "webp"]
    assert options["require_face"] == {
        "type": "boolean",
        "title": "Require Face",
        "description": options["require_face"]["description"],
    }


def test_the_form_of_detect_has_the_file_alone(document: Json) -> None:
    assert set(form(document, "/detect")["properties"]) == {"file"}


def test_the_page_as_it_opens_sends_a_form_that_is_accepted(client: httpx.Client, document: Json) -> None:
    # Swagger UI sends every field, and those that have neither a default nor an example empty. So none has:
    # an option that is given overrides the preset's.
    options = {
        name: each for name, each in form(document, "/process")["properties"].items() if name != "file"
    }
    assert not [name for name, option in options.items() if "default" in option or "example" in option]
    fields = dict.fromkeys(options, "")
    assert client.post("/process", files={"file": b"any bytes"}, data=fields).status_code == 200


def test_process_answers_with_images_first_and_json(document: Json) -> None:
    answer = document["paths"]["/process"]["post"]["responses"]["200"]
    assert list(answer["content"]) == ["image/jpeg", "image/png", "image/webp", "application/json"]
    assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/ProcessBody")
    assert set(answer["headers"]) == {
        "Server-Timing",
        "X-Facecraft-Faces",
        "X-Facecraft-Restored",
        "X-Facecraft-Restorer",
        "X-Facecraft-Notes",
        "X-Facecraft-Verdict",
        "X-Facecraft-Source-Frames",
    }


def test_every_problem_stands_there_with_an_example(document: Json) -> None:
    responses = document["paths"]["/process"]["post"]["responses"]
    codes = set()
    for status, response in responses.items():
        if status == "200":
            continue
        ((media_type, content),) = response["content"].items()
        assert media_type == "application/problem+json"
        for code, example in content["examples"].items():
            assert (example["value"]["code"], str(example["value"]["status"])) == (code, status)
            codes.add(code)
    assert codes == {
        "bad_request",
        "undecodable_image",
        "unauthorized",
        "upload_timeout",
        "upload_too_large",
        "image_too_large",
        "unsupported_format",
        "invalid_option",
        "no_face_found",
        "cannot_fit",
        "inference_failed",
        "queue_full",
        "not_ready",
        "deadline_exceeded",
    }
    assert "Retry-After" in responses["503"]["headers"]


def test_it_asks_for_a_key_where_one_is_needed(serve: Serve) -> None:
    document = serve(api_keys="key").get("/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {"key", "bearer"}
    secured = {
        path
        for path, item in document["paths"].items()
        for operation in item.values()
        if "security" in operation
    }
    assert secured == {"/process", "/batch", "/detect", "/check", "/presets", "/models", "/metrics"}


def test_it_asks_for_no_key_where_none_is_set(document: Json) -> None:
    assert "securitySchemes" not in document["components"]
