"""The files of a batch as they arrive, and what the batch holds of them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from facecraft.errors import (
    InvalidOption,
    RequestError,
    TooManyFiles,
    UndecodableImage,
    UploadTimeout,
    UploadTooLarge,
)
from facecraft.service.request.multipart import Form

MAX_FILES = 10_000
"""In one batch. Its manifest and the archive's directory are in memory until the end."""
LEAST_BYTES = 64 * 1024
"""What must have come before the client's time begins anew with the next whole file."""
MAX_NAME = 255
"""Characters of a name that are kept, which is what file systems have."""


class Held:
    """The bytes that one batch holds, and how one waits until they are fewer.

    Attributes:
        bytes: of photos that were not processed and of portraits that were not sent.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.bytes = 0
        self._limit_bytes = limit_bytes
        self._fewer = asyncio.Event()

    @property
    def over(self) -> bool:
        return self.bytes > self._limit_bytes

    def add(self, size: int) -> None:
        self.bytes += size

    def drop(self, size: int) -> None:
        self.bytes -= size
        self._fewer.set()

    async def fewer(self) -> None:
        """Wait until some were dropped."""
        self._fewer.clear()
        await self._fewer.wait()


@dataclass(slots=True)
class Photo:
    """A file of the batch.

    Attributes:
        name: as the client gave it.
        problem: why it cannot be processed; then it has no content.
    """

    name: str
    content: bytearray = field(default_factory=bytearray)
    problem: RequestError | None = None


class Files(Form):
    """A form of fields, and after them any number of files.

    Args:
        boundary: of its parts.
        max_file_bytes: largest file; a larger one is not kept, and the rest goes on.
        held: told of every byte that is kept.

    Attributes:
        begun: how many files have begun, so that no field may come any more.
        arrived: whole files, to be taken away.
    """

    def __init__(self, boundary: bytes, max_file_bytes: int, held: Held) -> None:
        super().__init__(boundary)
        self.begun = 0
        self.arrived: deque[Photo] = deque()
        self._max_file_bytes = max_file_bytes
        self._held = held
        self._photo: Photo | None = None

    @property
    def unfinished(self) -> str:
        """Name of the file that has begun and not ended, or nothing."""
        return "" if self._photo is None else self._photo.name

    def field_begins(self, name: str) -> None:
        if self.begun:
            raise InvalidOption(
                f"The option {name!r} comes after a file.", hint="Send every option before the first file."
            )
        super().field_begins(name)

    def file_begins(self, name: str) -> None:
        if self.begun == MAX_FILES:
            raise TooManyFiles(f"The batch has more than {MAX_FILES} files.", limit=MAX_FILES)
        self.begun += 1
        self._photo = Photo(name[:MAX_NAME])

    def file_goes_on(self, data: memoryview) -> None:
        photo = self._photo
        assert photo is not None  # noqa: S101  # it has begun
        if photo.problem is not None:
            return
        if len(photo.content) + len(data) > self._max_file_bytes:
            limit_bytes = self._max_file_bytes
            photo.problem = UploadTooLarge(f"The file is larger than {limit_bytes} bytes.", limit=limit_bytes)
            self._held.drop(len(photo.content))
            photo.content = bytearray()
            return
        photo.content += data
        self._held.add(len(data))

    def file_ends(self) -> None:
        photo = self._photo
        assert photo is not None  # noqa: S101  # it has begun
        if photo.problem is None and not photo.content:
            photo.problem = UndecodableImage("The file is empty.")
        self.arrived.append(photo)
        self._photo = None


class PacedBody:
    """A body that is read no faster than the batch gets rid of what it holds.

    Args:
        receive: of the request.
        held: while it is over its limit, nothing is read.
        timeout_s: how long the client may take for a file, or for LEAST_BYTES in smaller ones.
        working: whether a photo is in work, for whose portrait the client may be waiting.

    Attributes:
        received_at: when the last piece came, on the clock of the event loop.
    """

    def __init__(self, receive: Receive, held: Held, timeout_s: float, working: Callable[[], bool]) -> None:
        self._receive = receive
        self._held = held
        self._timeout_s = timeout_s
        self._working = working
        self._now = asyncio.get_running_loop().time
        self.received_at = self._now()
        self._until = self.received_at + timeout_s
        self._since_bytes = 0

    def file_came(self) -> None:
        """A file has come whole: the client's time begins anew, if enough has come since it last did."""
        if self._since_bytes >= LEAST_BYTES:
            self._begin_anew()

    def grant(self, seconds: float) -> None:
        """So long photos were in work, and the client may have waited for their portraits."""
        self._until += seconds

    def _begin_anew(self) -> None:
        self._since_bytes = 0
        self._until = self._now() + self._timeout_s

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body's pieces.

        Raises:
            UploadTimeout: the client took too long.
            ClientDisconnect: it left.
        """
        more = True
        while more:
            while self._held.over:
                await self._held.fewer()
                self._begin_anew()  # meanwhile the client could not send
            message = await self._message()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            self.received_at = self._now()
            self._since_bytes += len(message.get("body", b""))
            more = message.get("more_body", False)
            yield message.get("body", b"")

    async def left(self) -> None:
        """Wait until the client leaves, or the answer is complete."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _message(self) -> Message:
        while True:
            until = self._until
            try:
                async with asyncio.timeout_at(until):
                    return await self._receive()
            except TimeoutError as error:
                if self._working():
                    self._until = self._now() + self._timeout_s
                elif self._until == until:
                    raise UploadTimeout(
                        f"No file came whole within {self._timeout_s:g} seconds.", limit=self._timeout_s
                    ) from error
