"""How an archive is sent: in pieces, with one name."""

from collections.abc import Iterator

CHUNK_BYTES = 64 * 1024
"""Size of one message, about the size of the connection's buffer for a client that does not read."""
MEDIA_TYPE = "application/zip"
DISPOSITION = 'attachment; filename="portraits.zip"'


def pieces(data: bytes) -> Iterator[bytes]:
    """The bodies of the messages that send `data`."""
    for start in range(0, len(data), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]
