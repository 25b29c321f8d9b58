"""A file of a form, collected in memory."""

from dataclasses import dataclass
from io import BytesIO

from facecraft.errors import RequestError, UndecodableImage, UploadTooLarge


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that came completely.

    Attributes:
        name: as the client sent it.
        content: its bytes; empty if there is a problem.
        problem: why it cannot be processed.
    """

    name: str
    content: bytes
    problem: RequestError | None = None


class FileBuffer:
    """Collects one file.

    Each piece is copied once, into a BytesIO, whose buffer becomes the content without another copy. A
    bytearray would have to be copied to become bytes.

    Attributes:
        name: as the client sent it.
        problem: why the file is rejected; the rest of it is not kept.
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
            raise too_large(self._max_bytes)
        self._buffer.write(data)

    def reject(self, problem: RequestError) -> None:
        """Forget the content."""
        self.problem = problem
        self._buffer = BytesIO()

    def finish(self) -> ReceivedFile:
        """The file. Call this once, after the last piece."""
        content = self._buffer.getvalue()
        problem = self.problem
        if problem is None and not content:
            problem = UndecodableImage("The file is empty.")
        return ReceivedFile(self.name, content, problem)


def too_large(limit_bytes: int) -> UploadTooLarge:
    return UploadTooLarge(f"The file is larger than {limit_bytes} bytes.", limit=limit_bytes)
