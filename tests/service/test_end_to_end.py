"""The service around its real models."""

import base64
import io
import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
import skimage.data
from PIL import Image

from facecraft.types import RGBImage
from tests.damages import noisy
from tests.portraits import collage


def encoded(picture: Image.Image, name: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, name)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    """NASA's portrait of Eileen Collins, 512 x 512, as a PNG: one large face."""
    return encoded(Image.fromarray(skimage.data.astronaut()), "PNG")  # type: ignore[no-untyped-call]


@pytest.fixture(scope="session")
def damaged() -> bytes:
    """The same with noise."""
    return encoded(Image.fromarray(noisy(skimage.data.astronaut(), 15)), "PNG")  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("fields", "restorer"),
    [({}, "facecraft-clean"), ({"restorer": "realesrgan-x4plus"}, "realesrgan-x4plus")],
)
def test_a_portrait_comes_back_restored(
    real_client: httpx.Client, damaged: bytes, fields: dict[str, str], restorer: str
) -> None:
    response = real_client.post("/process", files={"file": damaged}, data={"faces": "largest", **fields})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Facecraft-Restored"] == "1"
    assert response.headers["X-Facecraft-Restorer"] == restorer
    assert "X-Facecraft-Notes" not in response.headers
    stages = [stage.partition(";")[0] for stage in response.headers["Server-Timing"].split(", ")]
    assert stages[:2] == ["decode", "detect"]
    assert stages[-1] == "encode"
    before = np.asarray(Image.open(io.BytesIO(damaged)))
    after = np.asarray(Image.open(io.BytesIO(response.content)))
    assert after.shape == before.shape
    assert not np.array_equal(after, before)


def test_a_lone_face_after_a_crowd_of_20_waits_for_two_of_them_at_most(real_client: httpx.Client) -> None:
    crowd, alone = (collage(skimage.data.astronaut(), *cells) for cells in ((5, 4), (1, 1)))  # type: ignore[no-untyped-call]
    fields = {"restorer": "realesrgan-x4plus", "format": "jpeg"}

    def post(picture: RGBImage) -> httpx.Response:
        files = {"file": encoded(Image.fromarray(picture), "PNG")}
        return real_client.post("/process", files=files, data=fields, timeout=300)

    def restored_faces() -> str:
        lines = real_client.get("/metrics").text.splitlines()
        return next(line for line in lines if line.startswith("facecraft_batch_faces_count"))

    before = restored_faces()
    with ThreadPoolExecutor(1) as pool:
        many = pool.submit(post, crowd)
        while restored_faces() == before:
            assert not many.done()
            time.sleep(0.01)
        one = post(alone)
        assert not many.done()
    headers = (many.result().headers, one.headers)
    assert [each["X-Facecraft-Restored"] for each in headers] == ["20", "1"]
    times_ms = [float(each["Server-Timing"].split("restore;dur=")[1].split(",")[0]) for each in headers]
    assert times_ms[1] < times_ms[0] / 21 * 10  # three faces, on a busy machine; in order of arrival 22


def test_a_good_photo_comes_back_as_it_was(real_client: httpx.Client, astronaut: bytes) -> None:
    response = real_client.post("/process", files={"file": astronaut})
    assert response.status_code == 200
    assert response.headers["X-Facecraft-Restored"] == "0"
    assert response.headers["X-Facecraft-Restorer"] == "none"
    assert response.headers["X-Facecraft-Notes"] == "restoration_not_needed"
    before, after = (np.asarray(Image.open(io.BytesIO(data))) for data in (astronaut, response.content))
    assert np.array_equal(after, before)


def test_json_holds_the_same_portrait(real_client: httpx.Client, damaged: bytes) -> None:
    response = real_client.post(
        "/process", files={"file": damaged}, data={"format": "jpeg"}, headers={"Accept": "application/json"}
    )
    body = response.json()
    assert body["image"]["media_type"] == "image/jpeg"
    with Image.open(io.BytesIO(base64.b64decode(body["image"]["base64"]))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (512, 512))
    assert body["restored"] == len(body["faces"]) >= 1
    assert (body["cleaned"], body["restorer"], body["notes"]) == (True, "facecraft-clean", [])
    found = body["faces"][0]["damage"]
    assert found["noise"] == pytest.approx(15, rel=0.1)
    assert (found["jpeg_quality"], found["grey"]) == (None, False)


def test_detect_finds_the_face(real_client: httpx.Client, astronaut: bytes) -> None:
    body = real_client.post("/detect", files={"file": astronaut}).json()
    assert body["source"] == {
        "width": 512,
        "height": 512,
        "format": "png",
        "frames": 1,
        "jpeg_quality": None,
        "turned_deg": 0,
        "share": 1.0,
        "reduced": 1,
    }
    left, top, right, bottom = body["faces"][0]["bbox"]
    for x, y in body["faces"][0]["landmarks"]:
        assert left < x < right
        assert top < y < bottom


@pytest.mark.parametrize("path", ["/process", "/detect"])
def test_what_is_no_picture_is_refused(real_client: httpx.Client, astronaut: bytes, path: str) -> None:
    cut_off = astronaut[: len(astronaut) // 2]
    larger = encoded(Image.new("RGB", (600, 501)), "PNG")  # 300 600 pixels
    pdf = encoded(Image.new("RGB", (64, 64)), "PDF")
    for file, status, code in (
        (cut_off, 400, "undecodable_image"),
        (larger, 413, "image_too_large"),
        (pdf, 415, "unsupported_format"),
    ):
        response = real_client.post(path, files={"file": file})
        assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_picture_of_exactly_the_limit_is_accepted(real_client: httpx.Client) -> None:
    file = encoded(Image.new("RGB", (600, 500)), "PNG")
    assert real_client.post("/detect", files={"file": file}).json()["faces"] == []


def test_a_picture_without_a_face_is_refused(real_client: httpx.Client) -> None:
    grey = encoded(Image.new("RGB", (64, 64), "grey"), "PNG")
    response = real_client.post("/process", files={"file": grey})
    assert (response.status_code, response.json()["code"]) == (422, "no_face_found")
    response = real_client.post("/process", files={"file": grey}, data={"require_face": "false"})
    assert (response.status_code, response.headers["X-Facecraft-Restored"]) == (200, "0")


def test_a_restorer_that_is_not_loaded_is_refused(real_client: httpx.Client, astronaut: bytes) -> None:
    response = real_client.post("/process", files={"file": astronaut}, data={"restorer": "magic"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_option")


def test_ready_names_the_models_that_serve(real_client: httpx.Client) -> None:
    names = {model["name"] for model in real_client.get("/ready").json()["models"]}
    assert names == {
        "centerface",
        "facecraft-clean",
        "facemesh",
        "iris",
        "realesrgan-x4plus",
        "selfie-segmentation",
    }


def test_a_preset_gives_the_portrait_and_its_verdict(real_client: httpx.Client, astronaut: bytes) -> None:
    response = real_client.post(
        "/process?preset=badge", files={"file": astronaut}, headers={"Accept": "application/json"}
    )
    assert response.status_code == 200
    body = response.json()
    badge = next(each for each in real_client.get("/presets").json()["presets"] if each["name"] == "badge")
    assert (body["image"]["width"], body["image"]["height"]) == (badge["width"], badge["height"])
    rules = {rule["name"]: rule for rule in body["verdict"]["rules"]}
    assert rules["head_height"]["status"] == "pass"
    assert badge["head"][0] <= rules["head_height"]["value"] <= badge["head"][1]
    assert response.headers["X-Facecraft-Verdict"] == body["verdict"]["status"]
    assert [note["code"] for note in body["notes"]] == response.headers["X-Facecraft-Notes"].split(", ")


def test_a_photo_is_judged_as_it_is(real_client: httpx.Client, astronaut: bytes) -> None:
    response = real_client.post("/check", files={"file": astronaut}, data={"preset": "us-passport"})
    assert response.status_code == 200
    body = response.json()
    rules = {rule["name"]: rule["status"] for rule in body["verdict"]["rules"]}
    assert (rules["one_face"], rules["width"], rules["head_height"]) == ("pass", "fail", "fail")
    assert body["verdict"]["status"] == response.headers["X-Facecraft-Verdict"] == "fail"
    assert "image" not in body


def test_an_image_with_a_verdict_only_where_there_is_a_preset(
    real_client: httpx.Client, astronaut: bytes
) -> None:
    plain = real_client.post("/process", files={"file": astronaut}, data={"restorer": "none"})
    assert "X-Facecraft-Verdict" not in plain.headers
    ad = real_client.post("/process", files={"file": astronaut}, data={"preset": "ad", "restorer": "none"})
    assert ad.headers["X-Facecraft-Verdict"] in ("pass", "fail", "unknown")
    assert Image.open(io.BytesIO(ad.content)).size == (96, 96)


def test_a_batch_of_real_photos_and_one_that_is_none(real_client: httpx.Client, astronaut: bytes) -> None:
    photos = [
        ("file", ("a.png", astronaut)),
        ("file", ("b.png", astronaut[:3000])),
        ("file", ("c.png", astronaut)),
    ]
    response = real_client.post("/batch", files=photos, data={"preset": "ad", "restorer": "none"})
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert archive.namelist() == ["a.jpg", "c.jpg", "manifest.json", "manifest.csv"]
    assert Image.open(io.BytesIO(archive.read("c.jpg"))).size == (96, 96)
    entries = json.loads(archive.read("manifest.json"))["files"]
    assert [entry["status"] for entry in entries] == ["done", "failed", "done"]
    assert entries[0]["verdict"] in ("pass", "fail")  # a batch is always judged
    assert entries[1]["problem"]["code"] == "undecodable_image"


def test_metadata_is_kept_where_it_is_asked_for_in_one_portrait_and_in_a_batch(
    real_client: httpx.Client,
) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Zoe of the archive"
    buffer = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(buffer, "JPEG", exif=exif)  # type: ignore[no-untyped-call]
    photo, fields = buffer.getvalue(), {"restorer": "none", "keep_metadata": "true"}
    kept = real_client.post("/process", files={"file": photo}, data=fields).content
    assert Image.open(io.BytesIO(kept)).getexif()[0x013B] == "Zoe of the archive"
    assert (
        b"Zoe" not in real_client.post("/process", files={"file": photo}, data={"restorer": "none"}).content
    )
    batch = real_client.post("/batch", files={"file": ("a.jpg", photo)}, data=fields).content
    with zipfile.ZipFile(io.BytesIO(batch)) as archive:
        assert archive.read("a.jpg") == kept
