import re

import httpx
import pytest


def test_the_page_refers_to_nothing_on_another_host(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    addresses = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']*)""", page.text)
    assert "docs/swagger-ui-bundle.js" in addresses
    for address in addresses:
        assert client.get(f"/{address}").status_code == 200, address
    assert "//" not in re.sub(r"<!--.*?-->", "", page.text)


def test_the_page_asks_no_one_to_validate_it(client: httpx.Client) -> None:
    assert '"validatorUrl": null' in client.get("/docs").text


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("swagger-ui-bundle.js", "text/javascript"),
        ("swagger-ui.css", "text/css"),
        ("favicon-32x32.png", "image/png"),
    ],
)
def test_its_files_are_served(client: httpx.Client, name: str, media_type: str) -> None:
    response = client.get(f"/docs/{name}")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith(media_type)


@pytest.mark.parametrize("name", ["index.html", "..%2f..%2f__init__.py", "swagger-ui.js.map"])
def test_no_other_file_is_served(client: httpx.Client, name: str) -> None:
    response = client.get(f"/docs/{name}")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_there_is_no_second_documentation(client: httpx.Client) -> None:
    assert client.get("/redoc").status_code == 404
