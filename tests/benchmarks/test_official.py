from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.official import detections, report, scaled
from facecraft.checks.bench.measure import PHOTO
from facecraft.types import Face


def test_a_face_becomes_a_row_as_facexlib_gives_it() -> None:
    face = Face(np.array([1, 2, 3, 4], np.float32), np.arange(10, 20, dtype=np.float32).reshape(5, 2), 0.5)
    assert detections([face]).tolist() == [[1, 2, 3, 4, 0.5, *range(10, 20)]]
    assert detections([]).shape == (0, 15)


def test_the_photo_is_scaled_to_its_longer_side() -> None:
    image = cv2.imdecode(np.frombuffer(scaled(PHOTO, 1024), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (1024, 1024, 3)


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"nothing\.jpg"):
        scaled(tmp_path / "nothing.jpg", 1024)


def test_the_best_rounds_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    official = [{"detect": 900.0, "parse": 100.0}, {"detect": 600.0, "parse": 200.0}]
    report(official, [{"detect": 100.0, "tone": 60.0}, {"detect": 400.0, "tone": 0.0}])
    text = capsys.readouterr().out
    assert "| detect | 600 | 100 |" in text
    assert "| parse | 200 | — |" in text
    assert "| tone | — | 60 |" in text
    assert "| all | 800 | 160 |" in text
    assert "5.0 times as fast" in text
