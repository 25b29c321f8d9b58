"""docs/http-api.md has every call, header, error and metric of a real server."""

import re
from collections.abc import Iterator

import httpx

from facecraft import errors
from facecraft.errors import FacecraftError, ServiceError, StartupError
from facecraft.imaging import formats
from tests.docs.conftest import KEY, Serve
from tests.docs.documents import page, table

TEXT = page("http-api.md")
ERRORS = [(int(status), code.strip("`")) for status, code, _ in table(TEXT, "status")]


def test_every_format_is_there_with_its_names() -> None:
    rows = {row[0]: row for row in table(TEXT, "format")}
    read = [each for each in formats.TABLE if each.reader is not None]
    assert list(rows) == [each.title for each in read]
    for each in read:
        _, names, _, written = rows[each.title]
        assert re.findall(r"`(\.\w+)`", names) == list(each.suffixes)
        assert written == ("no" if each.writer is None else "yes")


def fetch(port: int, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, trust_env=False, timeout=60)


def answers() -> Iterator[type[FacecraftError]]:
    """Every error that is an answer. ServiceError is only what its subclasses have in common."""
    for each in vars(errors).values():
        if not isinstance(each, type) or not issubclass(each, FacecraftError):
            continue
        if not issubclass(each, StartupError) and each is not ServiceError:
            yield each


def test_every_error_is_there_with_its_status() -> None:
    assert {(each.status, each.code) for each in answers()} <= set(ERRORS)


def test_no_other_error_is_there() -> None:
    of_http = {(404, "not_found"), (405, "method_not_allowed")}
    assert set(ERRORS) - {(each.status, each.code) for each in answers()} == of_http


def test_every_call_of_the_openapi_document_is_there(serve: Serve) -> None:
    calls = {row[0].strip("`") for row in table(TEXT, "call")}
    document = fetch(serve(), "/openapi.json").json()
    described = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert described | {"GET /", "GET /docs", "GET /openapi.json"} == calls
    version = re.search(r"as OpenAPI (\d\.\d)", TEXT)
    assert version is not None
    assert document["openapi"].startswith(version[1])


def test_a_call_is_open_or_wants_a_key_as_it_is_said(serve: Serve) -> None:
    port = serve(api_keys=KEY)
    for call, _, access in table(TEXT, "call"):
        method, path = call.strip("`").split()
        response = httpx.request(method, f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=60)
        assert (response.status_code == httpx.codes.UNAUTHORIZED) == (access == "key"), call
        assert access in ("key", "open")


def test_every_header_of_an_answer_is_there(serve: Serve) -> None:
    document = fetch(serve(), "/openapi.json").json()
    answer = document["paths"]["/process"]["post"]["responses"]["200"]
    shown = {row[0].strip("`") for row in table(TEXT, "header")}
    assert shown == {*answer["headers"], "X-Request-ID"}


def test_every_metric_is_there(serve: Serve) -> None:
    families = re.findall(r"^# TYPE (facecraft_\w+) ", fetch(serve(), "/metrics").text, re.MULTILINE)
    shown = {row[0].strip("`") for row in table(TEXT, "metric")}
    created = {name for name in families if name.endswith("_created")}
    assert set(families) - created == shown - {"facecraft_device_memory_bytes"}
