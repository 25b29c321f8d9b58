import re

import httpx
import pytest


def test_the_page_refers_to_nothing_on_another_host(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    addresses = re.findall(r"""(?:src|href)="([^"]*)\"""", page.text)
    assert "docs/swagger-ui-bundle.js" in addresses
    for address in addresses:
        assert not address.startswith("/")  # so that it works behind a prefix
        assert client.get(f"/{address}").status_code == 200, address
    assert "//" not in page.text


def test_its_policy_allows_files_of_the_service_alone(client: httpx.Client) -> None:
    page = client.get("/docs")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "connect-src 'self'" in policy
    assert "<script>" not in page.text


def test_the_page_asks_no_one_to_validate_it(client: httpx.Client) -> None:
    script = client.get("/docs/docs.js").text
    assert "validatorUrl: null" in script
    assert "url: 'openapi.json'" in script


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("swagger-ui-bundle.js", "text/javascript"),
        ("swagger-ui.css", "text/css"),
        ("docs.js", "text/javascript"),
        ("favicon.svg", "image/svg+xml"),
    ],
)
def test_its_files_are_served(client: httpx.Client, name: str, media_type: str) -> None:
    response = client.get(f"/docs/{name}")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith(media_type)


@pytest.mark.parametrize("name", ["index.html", "..%2f..%2f__init__.py", "redoc.standalone.js"])
def test_no_other_file_is_served(client: httpx.Client, name: str) -> None:
    response = client.get(f"/docs/{name}")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_there_is_no_second_documentation(client: httpx.Client) -> None:
    assert client.get("/redoc").status_code == 404
