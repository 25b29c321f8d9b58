import re
from pathlib import Path
from typing import get_args

import httpx
import pytest

from facecraft.imaging.formats import READ_SUFFIXES, READABLE_LIST, WRITERS
from facecraft.option_fields import Layout, MaskShape
from facecraft.options import Options
from facecraft.service.routes.web import ASSETS, FOLDER
from tests.service.conftest import Serve


def test_the_page_is_at_the_root(client: httpx.Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    places = re.compile(r"\{\{\w+}}")
    parts = places.split((FOLDER / "index.html").read_text())
    assert len(parts) > 4
    assert re.fullmatch("(.*)".join(map(re.escape, parts)), response.text)


def test_the_page_knows_the_formats_and_the_largest_file(serve: Serve) -> None:
    page = serve(max_upload_bytes=1_234_567).get("/").text
    assert 'data-most-bytes="1234567"' in page
    assert f'accept="image/*,{",".join(sorted(READ_SUFFIXES))}"' in page
    assert READABLE_LIST in page
    for name in WRITERS:
        assert f'<option value="{name}" data-type="image/{name}"' in page


def test_its_policy_allows_files_of_the_service_and_no_inline_code(client: httpx.Client) -> None:
    policy = dict(
        directive.split(" ", 1)
        for directive in client.get("/").headers["Content-Security-Policy"].split("; ")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_it_holds_no_inline_code() -> None:
    html = (FOLDER / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)
    assert re.findall(r"<script.*?</script>", html, re.DOTALL) == [
        '<script type="module" src="page/page.js"></script>'
    ]


def test_each_of_its_files_may_be_asked_for() -> None:
    of_docs = {"docs.html", "docs.js"}
    assert {path.name for path in FOLDER.iterdir()} == {"index.html", *ASSETS, *of_docs}


@pytest.mark.parametrize(
    ("suffix", "media_type"), [(".js", "text/javascript"), (".css", "text/css"), (".svg", "image/svg+xml")]
)
def test_its_files_are_served(client: httpx.Client, suffix: str, media_type: str) -> None:
    for name in (name for name in ASSETS if name.endswith(suffix)):
        response = client.get(f"/page/{name}")
        assert response.content == (FOLDER / name).read_bytes()
        assert response.headers["Content-Type"].partition(";")[0] == media_type


@pytest.mark.parametrize("name", ["index.html", "..%2fpage.py", "other.js"])
def test_no_other_file_is_served(client: httpx.Client, name: str) -> None:
    response = client.get(f"/page/{name}")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_it_refers_to_no_other_host(path: Path) -> None:
    text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?://|[\"'(]//", text)


def test_its_addresses_are_relative_and_answered(client: httpx.Client) -> None:
    addresses = re.findall(r'\s(?:src|href)="([^"#][^"]*)"', (FOLDER / "index.html").read_text())
    assert "page/page.css" in addresses
    for address in addresses:
        assert not address.startswith("/")
        assert client.get(f"/{address}").status_code == 200, address


@pytest.mark.parametrize("path", ["/", "/page/page.js"])
def test_what_a_browser_has_is_not_sent_again(client: httpx.Client, path: str) -> None:
    first = client.get(path)
    assert first.headers["Cache-Control"] == "no-cache"
    second = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.content) == (304, b"")


def test_it_needs_no_key(serve: Serve) -> None:
    assert serve(api_keys="secret").get("/").status_code == 200


def test_it_is_not_part_of_the_api(client: httpx.Client) -> None:
    assert not [path for path in client.get("/openapi.json").json()["paths"] if "page" in path or path == "/"]


@pytest.mark.parametrize("path", ["/", "/page/page.js"])
def test_switched_off_there_is_none(serve: Serve, path: str) -> None:
    response = serve(page="off").get(path)
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def controls() -> dict[str, dict[str, str]]:
    """The attributes of each named number and range of the form."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", (FOLDER / "index.html").read_text()):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) | {"tag": tag}
        if "name" in attributes and attributes["type"] in {"number", "range"}:
            found[attributes["name"]] = attributes
    return found


def test_each_option_has_a_control() -> None:
    names = set(re.findall(r'<(?:input|select)[^>]*\sname="(\w+)"', (FOLDER / "index.html").read_text()))
    assert names == set(Options.model_fields)


@pytest.mark.parametrize("name", sorted(controls()))
def test_each_range_is_that_of_its_option(name: str) -> None:
    attributes = controls()[name]
    scale = 100 if "data-percent" in attributes["tag"] else 1
    option = Options.model_json_schema()["properties"][name]
    option = next((kind for kind in option.get("anyOf", ()) if "maximum" in kind), option)
    assert float(attributes["min"]) == pytest.approx(option["minimum"] * scale)
    assert float(attributes["max"]) == pytest.approx(option["maximum"] * scale)


def test_each_choice_is_one_of_its_option() -> None:
    html = (FOLDER / "index.html").read_text()
    for name, choices in re.findall(r'<select[^>]*\sname="(\w+)">(.*?)</select>', html, re.DOTALL):
        for value in re.findall(r'<option value="([^"]+)"', choices):
            Options.parse({name: value})


def test_each_layout_and_mask_is_a_choice() -> None:
    html = (FOLDER / "index.html").read_text()
    for value in {*get_args(Layout), *get_args(MaskShape)} - {"none"}:
        assert f'<option value="{value}">' in html
