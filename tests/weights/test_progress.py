import io

import pytest

from facecraft.weights.progress import Progress, bar_text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("received_bytes", "total_bytes", "elapsed_s", "text"),
    [
        (
            50_000_000,
            200_000_000,
            2.0,
            "a  [######------------------]  25%  50.0 of 200.0 MB  25.0 MB/s  0:06 left",
        ),
        (0, 200_000_000, 0.0, "a  [------------------------]   0%  0.0 of 200.0 MB  0.0 MB/s  -:-- left"),
        (200, 100, 1.0, "a  [########################] 100%  0.0 of 0.0 MB  0.0 MB/s  0:00 left"),
        (50_000_000, None, 2.0, "a  50.0 MB  25.0 MB/s"),
    ],
)
def test_the_bar_tells_how_far_how_fast_and_how_long(
    received_bytes: int, total_bytes: int | None, elapsed_s: float, text: str
) -> None:
    assert bar_text("a", received_bytes, total_bytes, elapsed_s) == text


def test_a_terminal_has_a_bar_that_is_gone_afterwards() -> None:
    stream = Terminal()
    with Progress(stream).bar("a", 100) as received:
        received(50)
    drawn = stream.getvalue()
    assert "50%" in drawn
    assert drawn.endswith("\r\x1b[K")


def test_what_is_no_terminal_has_no_bar() -> None:
    stream = io.StringIO()
    with Progress(stream).bar("a", 100) as received:
        received(50)
    assert not stream.getvalue()
