"""Collect the form of a batch: fields, then any number of files."""

from collections import deque

from facecraft.errors import InvalidOption, TooManyFiles, UploadTooLarge
from facecraft.service.capacity.budget import ByteBudget
from facecraft.service.request.files import FileBuffer, ReceivedFile
from facecraft.service.request.multipart import MultipartForm

MAX_FILES = 10_000
"""Largest number of files in one batch: manifest and archive directory stay in memory until the end."""
MAX_NAME = 255
"""Largest number of characters of a file name, as in file systems. The rest is cut off."""


class BatchForm(MultipartForm):
    """Collects files while they arrive. A file that is too large is dropped, and the batch continues.

    Args:
        boundary: between the parts of the body.
        max_file_bytes: size limit of a file.
        budget: counts every byte before it is stored.

    Attributes:
        file_count: number of files so far. After the first one no field may follow.
        received: complete files. The caller removes them.
    """

    def __init__(self, boundary: bytes, max_file_bytes: int, budget: ByteBudget) -> None:
        super().__init__(boundary)
        self.file_count = 0
        self.received: deque[ReceivedFile] = deque()
        self._max_file_bytes = max_file_bytes
        self._budget = budget

    def start_field(self, name: str) -> None:
        if self.file_count:
            raise InvalidOption(
                f"The option {name!r} comes after a file.", hint="Send every option before the first file."
            )
        super().start_field(name)

    def start_file(self, name: str) -> FileBuffer:
        if self.file_count == MAX_FILES:
            raise TooManyFiles(f"The batch has more than {MAX_FILES} files.", limit=MAX_FILES)
        self.file_count += 1
        return FileBuffer(name[:MAX_NAME], self._max_file_bytes)

    def write_file(self, file: FileBuffer, data: memoryview) -> None:
        if file.problem is not None:
            return
        self._budget.add(len(data))
        try:
            file.write(data)
        except UploadTooLarge as problem:
            self._budget.drop(file.size_bytes + len(data))
            file.reject(problem)

    def receive_file(self, file: ReceivedFile) -> None:
        self.received.append(file)
