"""A client that openapi-python-client makes from the document, against a service with the real models."""

import base64
import importlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import skimage.data
from PIL import Image

IMAGES = ("image/jpeg", "image/png", "image/webp", "image/avif", "image/*", "application/zip")
Generate = Callable[..., Any]


@pytest.fixture
def generate(
    real_client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Generate]:
    """Makes and imports a client: its package, with `client` to call the service."""
    document = tmp_path / "openapi.json"
    document.write_text(real_client.get("/openapi.json").text)

    clients = []

    def made(name: str, *binary: str, **headers: str) -> Any:
        config = tmp_path / "config.json"
        overrides = dict.fromkeys(binary, "application/octet-stream")
        config.write_text(json.dumps({"content_type_overrides": overrides, "post_hooks": []}))
        program = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
        files = ["--path", str(document), "--config", str(config), "--output-path", str(tmp_path / name)]
        ended = subprocess.run([*program, *files], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        if binary:
            assert "arning" not in ended.stdout + ended.stderr
        monkeypatch.syspath_prepend(tmp_path)
        package = importlib.import_module(name)
        url = str(real_client.base_url)
        client = package.Client(base_url=url, timeout=60, headers=headers, httpx_args={"trust_env": False})
        clients.append(client)
        calls = ("process", "batch", "presets") if binary else ("process", "presets")
        parts = ("types", "models", *(f"api.default.{call}" for call in calls))
        modules = {part.rpartition(".")[2]: importlib.import_module(f"{name}.{part}") for part in parts}
        return SimpleNamespace(client=client, **modules)

    yield made
    for client in clients:
        client.get_httpx_client().close()


@pytest.fixture
def photo() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(buffer, "JPEG")  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def test_it_processes_a_portrait_and_a_batch(generate: Generate, photo: bytes) -> None:
    made = generate("facecraft_binary", *IMAGES)
    file = made.types.File(payload=io.BytesIO(photo), file_name="photo.jpg")
    form = made.models.ProcessForm(file=file, preset="ad", restorer="none")
    portrait = made.process.sync(client=made.client, body=form)
    assert Image.open(portrait.payload).size == (96, 96)

    alone = made.types.File(payload=io.BytesIO(photo))
    options = made.models.ProcessQuery(restorer="none", width=120, height=120, head="0.5")
    portrait = made.process.sync(client=made.client, body=alone, options=options)
    assert Image.open(portrait.payload).size == (120, 120)

    encoded = made.models.ProcessJson(file=base64.b64encode(photo).decode(), preset="ad", restorer="none")
    portrait = made.process.sync(client=made.client, body=encoded)
    assert Image.open(portrait.payload).size == (96, 96)

    files = [made.types.File(payload=io.BytesIO(photo), file_name=name) for name in ("a.jpg", "b.jpg")]
    # The preset in the query, as these clients send the files before the options.
    form = made.models.BatchForm(file=files)
    answer = made.batch.sync(client=made.client, body=form, preset="china-visa")
    archive = zipfile.ZipFile(answer.payload)
    assert archive.namelist() == ["a.jpg", "b.jpg", "manifest.json", "manifest.csv"]


def test_as_it_is_made_by_default_it_takes_json(generate: Generate, photo: bytes) -> None:
    made = generate("facecraft_json", Accept="application/json")
    file = made.types.File(payload=io.BytesIO(photo), file_name="photo.jpg")
    form = made.models.ProcessForm(file=file, preset="ad", restorer="none")
    body = made.process.sync(client=made.client, body=form)
    image = Image.open(io.BytesIO(base64.b64decode(body.image.base64)))
    assert image.size == (body.image.width, body.image.height) == (96, 96)
    assert {preset.name for preset in made.presets.sync(client=made.client).presets} > {"ad", "badge"}

    form = made.models.ProcessForm(file=file, preset="add")
    problem = made.process.sync(client=made.client, body=form)
    assert (problem.code, problem.status) == ("invalid_option", 422)
