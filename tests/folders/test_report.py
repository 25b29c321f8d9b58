"""The line that a watcher reports about each photo."""

import re
from dataclasses import replace

import pytest

from facecraft.cancellation import Cancellation
from facecraft.options import Options
from facecraft.results import Portrait
from tests.folders.conftest import Echo, Place


class Works(Echo):
    """Says of each portrait that this was done to it."""

    def __init__(self, *, restored: int, cleaned: bool) -> None:
        super().__init__()
        self._restored, self._cleaned = restored, cleaned

    def process(self, data: bytes, options: Options, cancellation: Cancellation) -> Portrait:
        portrait = super().process(data, options, cancellation)
        return replace(portrait, restored=self._restored, cleaned=self._cleaned)


@pytest.mark.parametrize(
    ("restored", "cleaned", "told"),
    [
        (2, True, r"2 restored in \d\.\d s"),
        (0, True, r"cleaned in \d\.\d s"),
        (0, False, r"done in \d\.\d s, nothing restored"),
    ],
)
def test_a_line_says_what_was_done(place: Place, restored: int, cleaned: bool, told: str) -> None:
    photo = place.drop("a.jpg", b"a")
    with place.watched(echo=Works(restored=restored, cleaned=cleaned)):
        place.until(lambda _: bool(place.lines))
    (line,) = place.lines
    assert re.fullmatch(f"{photo}: {told}, {place.out / 'a.jpg'}", line)
