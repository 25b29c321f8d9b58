"""Large and damaged photos over HTTP. The service takes 300 000 pixels, so the photo here is a large one."""

import io
import json
import zipfile

import httpx
import pytest
from PIL import Image

from facecraft.types import RGBImage

JSON = {"Accept": "application/json"}
FIELDS = {"restorer": "none", "preset": "badge"}


@pytest.fixture(scope="module")
def photo(astronaut: RGBImage) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(astronaut).resize((900, 900)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def cut(photo: bytes) -> bytes:
    return photo[: round(0.7 * len(photo))]


def test_a_large_photo_becomes_a_badge_with_a_note(real_client: httpx.Client, photo: bytes) -> None:
    answer = real_client.post("/process", files={"file": photo}, data=FIELDS)
    assert answer.status_code == 200
    assert "reduced" in answer.headers["X-Facecraft-Notes"].split(", ")
    assert Image.open(io.BytesIO(answer.content)).size == (328, 437)
    body = real_client.post("/process", files={"file": photo}, data=FIELDS, headers=JSON).json()
    assert body["source"]["width"] == body["source"]["height"] == 900
    assert (body["source"]["reduced"], body["source"]["share"]) == (2, 1)


@pytest.mark.parametrize("path", ["/detect", "/check"])
def test_a_large_photo_is_looked_at_in_its_own_pixels(
    real_client: httpx.Client, photo: bytes, path: str
) -> None:
    body = real_client.post(path, files={"file": photo}).json()
    assert (body["source"]["width"], body["source"]["reduced"]) == (900, 2)
    left, top, right, bottom = body["faces"][0]["bbox"]
    assert 250 < left < right < 560
    assert 80 < top < bottom < 340


def test_the_whole_of_a_large_photo_is_refused_with_both_numbers(
    real_client: httpx.Client, photo: bytes
) -> None:
    answer = real_client.post("/process", files={"file": photo})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["limit"]) == (413, "image_too_large", 300_000)
    assert problem["detail"] == "The picture of 900 x 900 has 0.81 megapixels; at most 0.3 are taken."
    assert "with preset, width, height, head or margin" in problem["hint"]


def test_a_damaged_photo_is_refused_everywhere_with_its_share(real_client: httpx.Client, cut: bytes) -> None:
    for path, fields in (("/process", FIELDS), ("/check", {}), ("/detect", {})):
        answer = real_client.post(path, files={"file": cut}, data=fields)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (400, "undecodable_image")
        assert problem["detail"].startswith("The JPEG is damaged: ")
        assert problem["detail"].endswith(" % of the photo is there.")
        assert "damaged=accept" in problem["hint"]


def test_what_is_there_of_it_is_taken_if_that_is_asked_for(real_client: httpx.Client, cut: bytes) -> None:
    data = {"preset": "china-visa", "damaged": "accept"}
    answer = real_client.post("/process", files={"file": cut}, data=data)
    assert answer.status_code == 200
    assert answer.headers["X-Facecraft-Verdict"] == "fail"
    assert "damaged" in answer.headers["X-Facecraft-Notes"].split(", ")


def test_both_in_a_batch(real_client: httpx.Client, photo: bytes, cut: bytes) -> None:
    files = [("file", ("large.jpg", photo)), ("file", ("cut.jpg", cut))]
    for damaged, statuses in (("refuse", ["done", "failed"]), ("accept", ["done", "done"])):
        answer = real_client.post("/batch", files=files, data=FIELDS | {"damaged": damaged})
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            rows = json.loads(archive.read("manifest.json"))["files"]
        assert [row["status"] for row in rows] == statuses
        assert "reduced" in rows[0]["notes"]
    assert "damaged" in rows[1]["notes"]
