"""The routes that look at a photo and make no portrait, and the presets."""

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from facecraft.errors import InferenceFailed
from facecraft.results import Detection
from tests.service.conftest import FakePipeline

Serve = Callable[..., httpx.Client]
PHOTO = b"the bytes of a photo"


def test_presets_lists_each_with_its_rules_and_where_they_are(client: httpx.Client) -> None:
    presets = {preset["name"]: preset for preset in client.get("/presets").json()["presets"]}
    assert presets["ad"] == {
        "name": "ad",
        "title": presets["ad"]["title"],
        "width": 96,
        "height": 96,
        "dpi": None,
        "width_mm": None,
        "height_mm": None,
        "head": presets["ad"]["head"],
        "eye_line": presets["ad"]["eye_line"],
        "top_margin": None,
        "background": presets["ad"]["background"],
        "replace_background": True,
        "retouching": True,
        "document": False,
        "format": "jpeg",
        "max_kb": 100,
        "source": presets["ad"]["source"],
        "date": presets["ad"]["date"],
        "note": presets["ad"]["note"],
    }


def test_check_takes_the_file_and_a_preset_alone(client: httpx.Client) -> None:
    response = client.post("/check", files={"file": PHOTO}, data={"width": "100"})
    assert response.json()["detail"] == "There is no option 'width': /check takes only the file and a preset."


def test_detect_answers_with_the_faces(client: httpx.Client) -> None:
    response = client.post("/detect", files={"file": PHOTO})
    assert response.status_code == 200
    assert response.headers["Server-Timing"] == "decode;dur=1.2, detect;dur=20.0"
    assert response.headers["X-Facecraft-Faces"] == "1"
    assert set(response.json()) == {"faces", "source", "timings_ms"}
    assert response.json()["faces"][0]["bbox"] == [10.13, 20, 50, 70]


def test_detect_takes_no_options(client: httpx.Client) -> None:
    response = client.post("/detect", files={"file": PHOTO}, data={"strength": "1"})
    assert response.status_code == 422
    assert response.json()["detail"] == "There is no option 'strength': /detect takes only the file."


@pytest.mark.parametrize("path", ["/detect", "/check"])
def test_past_the_deadline_a_photo_is_not_looked_at_any_further(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    ended = threading.Event()

    def look(*given: Any) -> Detection:
        cancellation = given[-1]
        cancellation.wait(5)
        if cancellation.cancelled:
            ended.set()
        raise InferenceFailed("No one reads this.")

    monkeypatch.setattr(FakePipeline, path[1:], look)
    assert serve(deadline_s=0.2).post(path, files={"file": PHOTO}).status_code == 504
    assert ended.wait(5)
