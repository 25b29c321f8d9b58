"""Collect a file in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Self

from facecraft.errors import RequestError, UndecodableImage, file_too_large


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A complete file.

    Attributes:
        name: as sent by the client.
        content: its bytes; empty if there is a problem.
        problem: the reason why it cannot be processed, or None.
    """

    name: str
    content: bytes
    problem: RequestError | None = None


@dataclass(frozen=True, slots=True)
class ReceivedForm:
    """A complete body: one photo and its options.

    Attributes:
        content: the file's bytes, never empty.
        fields: the options, by name.
        name: of the file, as sent by the client; empty without one.
    """

    content: bytes
    fields: Mapping[str, str]
    name: str = ""

    @classmethod
    def of(cls, file: ReceivedFile, fields: Mapping[str, str]) -> Self:
        """The file with these options; raises the file's problem if it has one."""
        if file.problem is not None:
            raise file.problem
        return cls(file.content, fields, file.name)


class FileBuffer:
    """Collects one file.

    Each piece is copied once, into a BytesIO. Its buffer becomes the content without another copy; a
    bytearray would need one.

    Attributes:
        name: as sent by the client.
        problem: the reason why the file is rejected, or None.
    """

    def __init__(self, name: str, max_bytes: int) -> None:
        self.name = name
        self.problem: RequestError | None = None
        self._max_bytes = max_bytes
        self._buffer = BytesIO()

    @property
    def size_bytes(self) -> int:
        return self._buffer.tell()

    def write(self, data: memoryview) -> None:
        """Append a piece.

        Raises:
            UploadTooLarge: the file is larger than `max_bytes`.
        """
        if self.size_bytes + len(data) > self._max_bytes:
            raise file_too_large(self._max_bytes)
        self._buffer.write(data)

    def reject(self, problem: RequestError) -> None:
        """Reject the file and drop its content."""
        self.problem = problem
        self._buffer = BytesIO()

    def finish(self) -> ReceivedFile:
        """Return the file. Call this once, after the last piece."""
        content = self._buffer.getvalue()
        problem = self.problem
        if problem is None and not content:
            problem = UndecodableImage("The file is empty.")
        return ReceivedFile(self.name, content, problem)
