"""Keys of a file, as secrets of Docker and Kubernetes are."""

import os
from pathlib import Path

import pytest

from facecraft.errors import SettingInvalid
from facecraft.service.request.keys import read_keys
from facecraft.settings import Settings
from tests.service.conftest import Serve

FILE = b"# of the badge office\nfirst-key\n\n  second-key \r\n#third-key\nfour#th,key\n"


def keys(**settings: object) -> list[str]:
    return [key.get_secret_value() for key in read_keys(Settings.model_validate(settings))]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    made.write_bytes(FILE)
    return made


def test_each_line_is_a_key_but_comments_and_blank_lines(file: Path) -> None:
    assert keys(api_keys_file=file) == ["first-key", "second-key", "four#th,key"]


def test_a_byte_order_mark_is_no_part_of_a_key(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbffirst-key")
    assert keys(api_keys_file=file) == ["first-key"]


def test_they_come_after_those_of_the_variable_and_each_once(file: Path) -> None:
    assert keys(api_keys="own, second-key", api_keys_file=file) == [
        *("own", "second-key", "first-key", "four#th,key"),
    ]
    assert keys(api_keys="own") == ["own"]
    assert keys() == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "has no key"),
        (b"\n  \n# only a comment\n", "has no key"),
        (b"\xe9t\xe9-key", "is not text in UTF-8"),
    ],
)
def test_a_file_without_a_key_stops_the_start(file: Path, content: bytes, reason: str) -> None:
    file.write_bytes(content)
    with pytest.raises(SettingInvalid, match=f"FACECRAFT_API_KEYS_FILE is wrong: .*keys {reason}") as caught:
        keys(api_keys="own", api_keys_file=file)
    assert "-key" not in caught.value.detail
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(("name", "reason"), [("none", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(SettingInvalid, match=f"cannot be read: {reason}"):
        keys(api_keys_file=tmp_path / name)


def test_a_file_of_another_user_stops_the_start(file: Path) -> None:
    if os.geteuid() == 0:  # who may read everything: a loop of links is refused to root, too
        file.unlink()
        file.symlink_to(file)
    else:
        file.chmod(0)
    with pytest.raises(SettingInvalid, match="cannot be read: "):
        keys(api_keys_file=file)


def test_a_service_with_a_file_of_keys_wants_one(serve: Serve, file: Path) -> None:
    client = serve(api_keys_file=file)
    assert client.get("/models").status_code == 401
    assert client.get("/models", headers={"X-API-Key": "third-key"}).status_code == 401
    assert client.get("/models", headers={"X-API-Key": "second-key"}).status_code == 200
    document = client.get("/openapi.json", headers={"X-API-Key": "first-key"})
    assert "securitySchemes" in document.json()["components"]


def test_no_key_is_logged_or_shown(
    serve: Serve, file: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("DEBUG"):
        client = serve(api_keys="own-key", api_keys_file=file, log_level="debug")
        for key in ("first-key", "own-key", "wrong-key"):
            client.get("/models", headers={"X-API-Key": key})
            client.get("/nothing", headers={"Authorization": f"Bearer {key}"})
    shown = repr([vars(record) for record in caplog.records]) + "".join(capfd.readouterr())
    shown += repr(Settings(api_keys_file=file)) + repr(read_keys(Settings(api_keys_file=file)))
    assert "-key" not in shown
