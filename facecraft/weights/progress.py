"""Progress of a download: a line for each finished file, and a bar on a terminal."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

REDRAW_S = 0.1
BAR_WIDTH = 24
NAME_WIDTH = 19  # of a model, in columns


def megabytes(count_bytes: float) -> str:
    return f"{count_bytes / 1e6:.1f} MB"


class Progress:
    """Writes to a stream. Draws the bar only if the stream is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()

    def line(self, text: str) -> None:
        print(text, file=self.stream, flush=True)

    @contextmanager
    def bar(self, label: str, total_bytes: int | None) -> Iterator[Callable[[int], None]]:
        """Draw a bar. Yields a function to call with the number of bytes received so far."""
        if not self.is_terminal:
            yield lambda _: None
            return
        start = time.monotonic()
        drawn = 0.0

        def draw(received_bytes: int) -> None:
            nonlocal drawn
            now = time.monotonic()
            if now - drawn >= REDRAW_S:
                drawn = now
                text = bar_text(label, received_bytes, total_bytes, now - start)
                columns = shutil.get_terminal_size().columns
                print(f"\r\x1b[K{text[: columns - 1]}", end="", file=self.stream, flush=True)

        try:
            yield draw
        finally:
            print("\r\x1b[K", end="", file=self.stream, flush=True)


def bar_text(label: str, received_bytes: int, total_bytes: int | None, elapsed_s: float) -> str:
    """Format one line: progress, speed and remaining time; without a total, bytes and speed."""
    rate = received_bytes / elapsed_s if elapsed_s > 0 else 0.0
    if not total_bytes:
        return f"{label}  {megabytes(received_bytes)}  {megabytes(rate)}/s"
    share = min(received_bytes / total_bytes, 1.0)
    bar = ("#" * int(share * BAR_WIDTH)).ljust(BAR_WIDTH, "-")
    left = f"{_clock((total_bytes - received_bytes) / rate)} left" if rate > 0 else "-:-- left"
    amount = f"{received_bytes / 1e6:.1f} of {megabytes(total_bytes)}"
    return f"{label}  [{bar}] {share:4.0%}  {amount}  {megabytes(rate)}/s  {left}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(round(seconds), 0), 60)
    return f"{minutes}:{rest:02}"
