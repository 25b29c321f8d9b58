"""The time of each stage."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Timings:
    """Milliseconds by stage, in the order of their first start. For one thread only.

    If a stage runs twice, its times are added. The time of a nested stage counts for the inner stage only, so
    the sum of all stages is the total time.
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
