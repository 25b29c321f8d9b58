"""How long each stage took."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Timings:
    """Milliseconds by stage, in the order in which they first began. Not for several threads.

    A stage that runs twice adds up. The time of a stage inside another one counts for the inner one only, so
    that the stages add up to the whole.
    """

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}
        self._inner_ms = [0.0]

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.ms.setdefault(name, 0.0)
        start = perf_counter()
        self._inner_ms.append(0.0)
        try:
            yield
        finally:
            spent_ms = (perf_counter() - start) * 1000
            inner_ms = self._inner_ms.pop()
            self._inner_ms[-1] += spent_ms
            self.ms[name] += spent_ms - inner_ms
