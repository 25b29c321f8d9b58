import base64
import io

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.imaging.heifs import heic
from tests.service.conftest import Serve


def ramp(width: int, height: int) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def preview(client: httpx.Client, data: bytes) -> tuple[dict[str, object], Image.Image]:
    answer = client.post("/preview", files={"file": data})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["image"]["media_type"] == "image/webp"
    return body, Image.open(io.BytesIO(base64.b64decode(body["image"]["base64"])))


def test_it_is_a_small_picture_of_the_photo(client: httpx.Client) -> None:
    body, shown = preview(client, heic(ramp(4000, 3000)))
    source = body["source"]
    assert isinstance(source, dict)
    assert (source["width"], source["height"], source["format"]) == (4000, 3000, "heic")
    assert shown.size == (1600, 1200)
    assert abs(np.asarray(shown, int) - np.asarray(ramp(1600, 1200))).mean() < 3


def test_a_small_photo_keeps_its_size_and_is_upright(client: httpx.Client) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    _, shown = preview(client, heic(ramp(64, 48), exif=exif.tobytes()))
    assert shown.size == (48, 64)


def test_transparency_is_kept(client: httpx.Client) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (2000, 1000), (200, 30, 40, 128)).save(buffer, "PNG")
    _, shown = preview(client, buffer.getvalue())
    assert (shown.mode, shown.size) == ("RGBA", (1600, 800))
    assert shown.getchannel("A").getextrema() == (128, 128)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [(b"%PDF-1.7", 415, "unsupported_format"), (heic(ramp(64, 64))[:200], 400, "undecodable_image")],
)
def test_a_file_that_is_no_photo_is_refused(
    client: httpx.Client, data: bytes, status: int, code: str
) -> None:
    answer = client.post("/preview", files={"file": data})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_it_takes_the_file_alone(client: httpx.Client) -> None:
    answer = client.post("/preview", files={"file": heic(ramp(64, 64))}, data={"width": "200"})
    assert answer.status_code == 422
    assert "takes only the file" in answer.json()["detail"]


def test_it_wants_a_key(serve: Serve) -> None:
    assert serve(api_keys="secret").post("/preview", files={"file": b"x"}).status_code == 401
