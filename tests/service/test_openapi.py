from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from facecraft.service.request.access import is_open

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


def operations(document: Json) -> dict[str, Json]:
    """Every operation, by its path."""
    return {path: operation for path, item in document["paths"].items() for operation in item.values()}


def test_it_has_every_call_of_the_contract_and_no_other(document: Json) -> None:
    calls = {(method, path) for path, item in document["paths"].items() for method in item}
    assert calls == {
        ("get", "/health"),
        ("get", "/ready"),
        ("get", "/models"),
        ("get", "/metrics"),
        ("post", "/process"),
        ("post", "/detect"),
        ("post", "/preview"),
        ("post", "/check"),
        ("post", "/batch"),
        ("get", "/presets"),
    }


@pytest.mark.parametrize("keys", ["", "key"], ids=["open", "with keys"])
def test_it_is_valid_openapi_3_1(serve: Serve, keys: str) -> None:
    document = serve(api_keys=keys).get("/openapi.json", headers={"X-API-Key": "key"}).json()
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_its_server_is_where_it_comes_from(document: Json) -> None:
    assert [server["url"] for server in document["servers"]] == ["./"]


def test_each_operation_has_a_stable_id_and_a_summary(document: Json) -> None:
    assert {path: operation["operationId"] for path, operation in operations(document).items()} == {
        path: path.removeprefix("/") for path in document["paths"]
    }
    assert {path: operation["summary"] for path, operation in operations(document).items()} == {
        "/process": "Process a portrait",
        "/detect": "Detect faces",
        "/preview": "Preview a photo",
        "/check": "Check a photo",
        "/batch": "Process many portraits",
        "/presets": "List the presets",
        "/models": "List the models",
        "/health": "Check that the process runs",
        "/ready": "Check that the service accepts portraits",
        "/metrics": "Read the metrics",
    }


def test_its_references_lead_somewhere(document: Json) -> None:
    references = {node["$ref"] for node in nodes(document) if "$ref" in node}
    assert references == {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def test_a_batch_answers_with_a_zip(document: Json) -> None:
    answer = document["paths"]["/batch"]["post"]["responses"]["200"]
    assert answer["content"] == {"application/zip": {"schema": {"type": "string", "format": "binary"}}}


def test_process_answers_with_images_first_and_json(document: Json) -> None:
    answer = document["paths"]["/process"]["post"]["responses"]["200"]
    assert list(answer["content"]) == [
        *("image/jpeg", "image/png", "image/webp", "image/avif", "application/zip", "application/json"),
    ]
    assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/ProcessBody")
    for media_type in ("image/jpeg", "image/png", "image/webp", "image/avif"):
        assert answer["content"][media_type]["schema"] == {"type": "string", "format": "binary"}
    assert set(answer["headers"]) == {
        "Server-Timing",
        "X-Facecraft-Faces",
        "X-Facecraft-Restored",
        "X-Facecraft-Restorer",
        "X-Facecraft-Notes",
        "X-Facecraft-Verdict",
        "X-Facecraft-Source-Frames",
        "Content-Disposition",
    }


@pytest.mark.parametrize(
    ("path", "fields"), [("/process", {"preset": "badge", "each": "true"}), ("/batch", {})]
)
def test_a_zip_has_the_headers_that_are_declared_for_it(
    client: httpx.Client, document: Json, path: str, fields: dict[str, str]
) -> None:
    declared = document["paths"][path]["post"]["responses"]["200"]["headers"]
    present = {name for name, header in declared.items() if "Absent with each" not in header["description"]}
    response = client.post(path, data=fields, files={"file": b"any"})
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"] == 'attachment; filename="portraits.zip"'
    sent = {name for name in response.headers if name.startswith("x-facecraft-")}
    sent |= {"content-disposition", "server-timing"} & set(response.headers)
    assert sent == {name.lower() for name in present} == {"content-disposition"}


def test_an_image_has_no_name(client: httpx.Client) -> None:
    assert "Content-Disposition" not in client.post("/process", files={"file": b"any"}).headers


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
        "cross_site",
        "upload_timeout",
        "upload_too_large",
        "image_too_large",
        "unsupported_format",
        "unsupported_encoding",
        "invalid_option",
        "no_face_found",
        "too_many_faces",
        "cannot_fit",
        "inference_failed",
        "queue_full",
        "not_ready",
        "deadline_exceeded",
    }
    assert "Retry-After" in responses["503"]["headers"]


def test_it_asks_for_a_key_where_one_is_needed(serve: Serve) -> None:
    document = serve(api_keys="key").get("/openapi.json", headers={"X-API-Key": "key"}).json()
    assert set(document["components"]["securitySchemes"]) == {"key", "bearer"}
    secured = {path for path, operation in operations(document).items() if "security" in operation}
    assert secured == {path for path in document["paths"] if not is_open(path)}
    assert secured == {
        *("/process", "/batch", "/detect", "/preview", "/check", "/presets", "/models", "/metrics")
    }
    for path in secured:
        assert operations(document)[path]["security"] == [{"key": []}, {"bearer": []}]
        assert "WWW-Authenticate" in operations(document)[path]["responses"]["401"]["headers"]


def test_an_open_path_has_no_refusal(document: Json) -> None:
    refused = {path for path, operation in operations(document).items() if "401" in operation["responses"]}
    assert refused == {path for path in document["paths"] if not is_open(path)}


def test_it_asks_for_no_key_where_none_is_set(document: Json) -> None:
    assert "securitySchemes" not in document["components"]
    assert not any("security" in operation for operation in operations(document).values())
