"""A photo that is the whole body of a request. Its options are in the query string."""

from collections.abc import Mapping

from facecraft.service.request.files import FileBuffer, ReceivedForm


class RawBody:
    """Collects the photo.

    Args:
        name: of the photo; empty if it is not known.
        fields: the options.
        max_file_bytes: size limit of the photo.
    """

    kept_share = 1.0

    def __init__(self, name: str, fields: Mapping[str, str], max_file_bytes: int) -> None:
        self.max_bytes = max_file_bytes
        self._fields = dict(fields)
        self._file = FileBuffer(name, max_file_bytes)

    def write(self, chunk: bytes) -> None:
        self._file.write(memoryview(chunk))

    def finish(self) -> ReceivedForm:
        return ReceivedForm.of(self._file.finish(), self._fields)

    def close(self) -> None:
        del self._file
