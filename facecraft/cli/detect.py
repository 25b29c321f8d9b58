"""`facecraft detect`: find faces."""

from typing import TYPE_CHECKING

from facecraft.cli import load, photos
from facecraft.cli.photos import AsJson, Photos
from facecraft.cli.table import print_table
from facecraft.errors import FacecraftError

if TYPE_CHECKING:
    from pathlib import Path

    from facecraft.results import Detection

HEAD = ("photo", "face", "left", "top", "width", "height", "score")


def detect(inputs: Photos, as_json: AsJson = False) -> int:
    """Find the faces in photos, the largest first; positions are in pixels.

    No file is written. The exit code is 1 if a file is no photo; a photo without a face is no error.
    """
    found = photos.find(inputs)
    from facecraft.settings import Settings  # noqa: PLC0415

    with load.runtime(Settings.load()) as runtime:
        outcomes = list(photos.look_at(found, runtime.pipeline.detect))
    if as_json:
        print(photos.as_json([photos.entry(photo, outcome) for photo, outcome in outcomes]))
    else:
        rows = [
            row
            for photo, outcome in outcomes
            if not isinstance(outcome, FacecraftError)
            for row in _rows(photo, outcome)
        ]
        print_table(HEAD, rows)
    return 1 if any(isinstance(outcome, FacecraftError) for _, outcome in outcomes) else 0


def _rows(photo: "Path", detection: "Detection") -> list[tuple[str, ...]]:
    if not detection.faces:
        return [(str(photo), "none", *[""] * 5)]
    rows = []
    for number, face in enumerate(detection.faces, 1):
        x1, y1, x2, y2 = face.bbox.tolist()
        box = (f"{value:.0f}" for value in (x1, y1, x2 - x1, y2 - y1))
        rows.append((str(photo), str(number), *box, f"{face.score:.2f}"))
    return rows
