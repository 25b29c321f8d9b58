"""A form with one photo."""

from collections.abc import Mapping

from facecraft.errors import InvalidOption
from facecraft.service.request.fields import OVERHEAD_BYTES, merge_fields
from facecraft.service.request.files import FileBuffer, ReceivedFile, ReceivedForm
from facecraft.service.request.media import EXAMPLE
from facecraft.service.request.multipart import MultipartForm


class SingleFileForm(MultipartForm):
    """A form with one file.

    Args:
        boundary: between the parts of the body.
        query: the fields in the query string.
        max_file_bytes: size limit of the file.
    """

    kept_share = 1.0

    def __init__(self, boundary: bytes, query: Mapping[str, str], max_file_bytes: int) -> None:
        super().__init__(boundary)
        self.max_bytes = max_file_bytes + OVERHEAD_BYTES
        self._query = query
        self._max_file_bytes = max_file_bytes
        self._started = False
        self._received: ReceivedFile | None = None

    def start_file(self, name: str) -> FileBuffer:
        if self._started:
            raise InvalidOption(
                "The form has more than one part named file.", hint="Send one file in each request."
            )
        self._started = True
        return FileBuffer(name, self._max_file_bytes)

    def write_file(self, file: FileBuffer, data: memoryview) -> None:
        file.write(data)

    def receive_file(self, file: ReceivedFile) -> None:
        self._received = file

    def finish(self) -> ReceivedForm:
        """Return the complete form."""
        self.validate_complete()
        if self._received is None:
            raise InvalidOption("The form has no part named file.", hint=EXAMPLE)
        return ReceivedForm.of(self._received, merge_fields(self.fields, self._query))
