"""Read TOML strictly: each field is read once, with its type, and no field may be left."""

import re
from typing import Self

from facecraft.errors import LockInvalid


class Table:
    """A TOML table with its path, for naming the field in errors."""

    def __init__(self, path: str, value: object) -> None:
        self._path = path
        if not isinstance(value, dict):
            raise LockInvalid(f"{path}: must be a table, not {value!r}.")
        self._unread = dict(value)

    def __contains__(self, name: str) -> bool:
        return name in self._unread

    def names(self) -> list[str]:
        return list(self._unread)

    def wrong(self, name: str, must: str) -> LockInvalid:
        return LockInvalid(f"{self._path}.{name}".lstrip(".") + f": {must}.")

    def _take(self, name: str) -> object:
        if name not in self._unread:
            raise self.wrong(name, "is missing")
        return self._unread.pop(name)

    def refuse_unread(self) -> None:
        for name in self._unread:
            raise self.wrong(name, "is not a field of models.lock")

    def table(self, name: str) -> Self:
        return type(self)(f"{self._path}.{name}".lstrip("."), self._take(name))

    def text(self, name: str, pattern: re.Pattern[str] | None = None, must: str = "") -> str:
        value = self._take(name)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise self.wrong(name, f"must be text on one line, not {value!r}")
        if pattern is not None and not pattern.fullmatch(value):
            raise self.wrong(name, f"must be {must}, not {value!r}")
        return value

    def size(self, name: str) -> int:
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.wrong(name, f"must be a whole number above 0, not {value!r}")
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            raise self.wrong(name, f"must be true or false, not {value!r}")
        return value

    def items(self, name: str) -> Self:
        """Read a list as a table with the numbers from 0 as names."""
        value = self._take(name)
        if not isinstance(value, list) or not value:
            raise self.wrong(name, f"must be a list with at least one item, not {value!r}")
        return type(self)(f"{self._path}.{name}", {str(number): item for number, item in enumerate(value)})
