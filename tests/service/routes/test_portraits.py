import base64
from collections.abc import Callable
from dataclasses import asdict, replace

import httpx
import pytest

from facecraft.errors import (
    FacecraftError,
    ImageTooLarge,
    NoFaceFound,
    UndecodableImage,
    UnsupportedFormat,
)
from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.types import Damage, Note, RuleResult, Source, Verdict
from tests.portraits import BLANK
from tests.service.conftest import echo

Serve = Callable[..., httpx.Client]

PHOTO = b"the bytes of a photo; the pipeline is made up and sends them back"
ANIMATED = replace(BLANK, format="webp", source=Source(width=64, height=80, format="webp", frames=12))
SOURCE = {
    "width": 64,
    "height": 80,
    "format": "png",
    "frames": 1,
    "jpeg_quality": None,
    "turned_deg": 0,
    "share": 1.0,
    "reduced": 1,
}


def test_process_answers_with_the_image(client: httpx.Client) -> None:
    response = client.post("/process", files={"file": PHOTO})
    assert response.status_code == 200
    assert response.content == PHOTO
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Server-Timing"] == "decode;dur=1.2, detect;dur=20.0"
    assert response.headers["X-Facecraft-Faces"] == "1"
    assert response.headers["X-Facecraft-Restored"] == "1"
    assert response.headers["X-Facecraft-Restorer"] == "realesrgan-x4plus"
    assert "X-Facecraft-Source-Frames" not in response.headers


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "avif"])
def test_process_names_the_format_it_answers_with(client: httpx.Client, name: str) -> None:
    response = client.post("/process", files={"file": PHOTO}, data={"format": name})
    assert response.headers["Content-Type"] == f"image/{name}"


def test_process_answers_with_json_where_it_is_preferred(client: httpx.Client) -> None:
    response = client.post("/process", files={"file": PHOTO}, headers={"Accept": "application/json"})
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Facecraft-Restored"] == "1"
    assert response.json() == {
        "faces": [
            {
                "bbox": [10.13, 20, 50, 70],
                "landmarks": [[20, 35], [40, 35], [30, 45], [22, 58], [38, 58]],
                "score": 0.9877,
                "damage": None,
            }
        ],
        "source": SOURCE,
        "timings_ms": {"decode": 1.2, "detect": 20.0},
        "restored": 1,
        "restorer": "realesrgan-x4plus",
        "cleaned": False,
        "face": None,
        "notes": [],
        "verdict": None,
        "quality": None,
        "image": {
            "media_type": "image/png",
            "width": 64,
            "height": 80,
            "quality": None,
            "base64": base64.b64encode(PHOTO).decode(),
        },
    }


def test_process_tells_the_damage_of_each_face_and_whether_the_photo_was_cleaned(serve: Serve) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        found = Damage(51.26, 12.36, 180.04, jpeg_quality=60, grey=True)
        return replace(echo(data, options), damages=(found,), cleaned=True, restorer="facecraft-clean")

    response = serve(process).post("/process", files={"file": PHOTO}, headers={"Accept": "application/json"})
    assert response.headers["X-Facecraft-Restorer"] == "facecraft-clean"
    body = response.json()
    assert (body["cleaned"], body["restorer"]) == (True, "facecraft-clean")
    assert [face["damage"] for face in body["faces"]] == [
        {"detail": 51.3, "noise": 12.4, "square_px": 180.0, "jpeg_quality": 60, "grey": True}
    ]


def test_process_tells_when_the_file_had_more_pictures_than_it_used(serve: Serve) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        return replace(ANIMATED, data=data)

    response = serve(process).post("/process", files={"file": PHOTO})
    assert response.headers["X-Facecraft-Source-Frames"] == "12"


def test_process_hands_the_options_to_the_pipeline(serve: Serve) -> None:
    seen: list[Options] = []

    def process(data: bytes, options: Options) -> Portrait:
        seen.append(options)
        return replace(ANIMATED, data=data)

    client = serve(process)
    fields = {
        "strength": "0.5",
        "faces": "largest",
        "require_face": "false",
        "quality": "80",
        "format": "webp",
    }
    assert client.post("/process", files={"file": PHOTO}, data=fields).status_code == 200
    assert seen == [Options(strength=0.5, faces="largest", require_face=False, quality=80, format="webp")]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"strenght": "1"}, "Did you mean strength?"),
        ({"strength": "1.01"}, "strength"),
        ({"strength": "nan"}, "strength"),
        ({"quality": "0"}, "quality"),
        ({"strenght": ""}, "Did you mean strength?"),
        ({"quality": " "}, "quality"),
        ({"faces": "some"}, "faces"),
        ({"format": "png", "quality": "5"}, "quality"),
    ],
)
def test_process_refuses_options_it_does_not_understand(
    client: httpx.Client, fields: dict[str, str], told: str
) -> None:
    response = client.post("/process", files={"file": PHOTO}, data=fields)
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_option"
    assert told in response.json()["detail"]


def test_process_refuses_options_in_the_query(client: httpx.Client) -> None:
    response = client.post("/process?strength=0.5", files={"file": PHOTO})
    assert response.status_code == 422
    assert response.json()["detail"] == "Options are form fields. The query string takes only preset."


def test_process_takes_the_preset_from_the_query(serve: Serve) -> None:
    seen: list[Options] = []

    def process(data: bytes, options: Options) -> Portrait:
        seen.append(options)
        return replace(ANIMATED, data=data)

    assert serve(process).post("/process?preset=badge", files={"file": PHOTO}).status_code == 200
    assert seen[0].preset == "badge"


def test_a_preset_in_the_query_and_in_the_form_is_refused(client: httpx.Client) -> None:
    response = client.post("/process?preset=badge", files={"file": PHOTO}, data={"preset": "ad"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_option")


def test_notes_and_the_verdict_stand_in_headers_and_in_json(serve: Serve) -> None:
    rule = RuleResult("head_height", "fail", 0.4, 0.5, 0.69, "share", "chin to crown")
    finished = replace(ANIMATED, notes=(Note("smaller", "It shrank."),), verdict=Verdict((rule,)))
    response = serve(lambda data, options: finished).post(
        "/process", files={"file": PHOTO}, headers={"Accept": "application/json"}
    )
    assert (response.headers["X-Facecraft-Notes"], response.headers["X-Facecraft-Verdict"]) == (
        "smaller",
        "fail",
    )
    assert response.json()["notes"] == [{"code": "smaller", "detail": "It shrank."}]
    assert response.json()["verdict"] == {"status": "fail", "rules": [asdict(rule)]}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UndecodableImage("The picture is cut off."), 400),
        (ImageTooLarge("The picture has 41 pixels.", limit=40), 413),
        (UnsupportedFormat("The file is a GIF."), 415),
        (NoFaceFound("No face was found in the picture."), 422),
    ],
)
@pytest.mark.parametrize("path", ["/process", "/detect"])
def test_what_the_pipeline_refuses_is_told_as_a_problem(
    serve: Serve, path: str, error: FacecraftError, status: int
) -> None:
    def process(data: bytes, options: Options) -> Portrait:
        raise error

    response = serve(process).post(path, files={"file": PHOTO})
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    expected = {
        "type": f"urn:facecraft:problem:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": status,
        "detail": error.detail,
        "code": error.code,
        "hint": error.hint,
        "request_id": response.headers["X-Request-ID"],
    }
    if error.limit is not None:
        expected["limit"] = 40
    assert response.json() == expected
