"""`facecraft detect`."""

import json
from pathlib import Path

import numpy as np
import pytest

from facecraft.service.response.schemas import DetectBody
from tests.cli.conftest import Main
from tests.conftest import Encode

Capture = pytest.CaptureFixture[str]


def test_each_face_is_a_line_of_a_table(main: Main, capsys: Capture, group_path: Path) -> None:
    assert main("detect", group_path) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["photo", "face", "left", "top", "width", "height", "score"]
    assert [row.split()[:2] for row in rows] == [[str(group_path), str(number)] for number in range(1, 7)]


def test_a_photo_without_a_face_is_no_error(main: Main, capsys: Capture, tmp_path: Path, png: Encode) -> None:
    (tmp_path / "grey.png").write_bytes(png(np.full((64, 64, 3), 128, np.uint8)))
    assert main("detect", tmp_path / "grey.png") == 0
    assert capsys.readouterr().out.splitlines()[1].split() == [str(tmp_path / "grey.png"), "none"]


def test_json_has_what_http_answers(main: Main, capsys: Capture, group_path: Path, tmp_path: Path) -> None:
    assert main("detect", group_path, tmp_path / "gone.jpg", "--json") == 1
    done, failed = json.loads(capsys.readouterr().out)["files"]
    assert set(done) == set(failed) == {"file", "status", "problem", *DetectBody.model_fields}
    assert len(DetectBody.model_validate(done).faces) == 6
    assert (failed["file"], failed["problem"]["code"]) == (str(tmp_path / "gone.jpg"), "bad_request")


def test_a_photo_that_fails_is_reported_and_the_rest_goes_on(
    main: Main, capsys: Capture, group_path: Path, tmp_path: Path
) -> None:
    assert main("detect", tmp_path / "gone.jpg", group_path) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith(
        f"{tmp_path / 'gone.jpg'}: bad_request: The photo cannot be read: No such file"
    )
    assert len(shown.out.splitlines()) == 7


def test_what_is_no_photo_in_a_folder_is_listed_as_failed(
    main: Main, capsys: Capture, group_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(group_path.read_bytes())
    (tmp_path / "note.txt").write_text("note")
    (tmp_path / "Thumbs.db").write_text("of the system")
    assert main("detect", tmp_path, "--json") == 1
    shown = capsys.readouterr()
    failed, done = json.loads(shown.out)["files"]
    assert (failed["file"], failed["problem"]["code"]) == (str(tmp_path / "note.txt"), "unsupported_format")
    assert (done["file"], done["status"]) == (str(tmp_path / "a.jpg"), "done")
    assert len(shown.err.splitlines()) == 1
