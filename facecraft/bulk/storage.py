"""Objects in a bucket or folder, by URL: list them, read and write each whole.

Credentials and the endpoint come from the environment, as the tools of each provider have them: AWS_*,
GOOGLE_*, AZURE_*.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from facecraft.errors import InvalidOption, RequestError, ServiceError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs", "az", "file")
URL = re.compile(rf"(?:{'|'.join(SCHEMES)})://", re.IGNORECASE)
RETRIES_S = 60
"""How long a request is repeated that fails for a passing reason, in seconds."""
SILENCE_S = 30
"""How long a request may bring nothing before it is repeated, in seconds."""
PAGE = 1000
"""Objects of a page of a listing: as many as S3 answers at most."""
INSTALL = "Install it: pip install 'facecraft[bulk]'."


class StorageFailed(ServiceError):
    """A bucket or folder does not answer, or refuses."""

    code = "storage_failed"
    hint = "Check the bucket, its credentials and the network, then run it again."


class ObjectMissing(RequestError):
    """An object is gone."""

    status = 404
    code = "object_missing"
    hint = "It was there when the bucket was listed. Run it again."


@dataclass(frozen=True, slots=True)
class Found:
    """An object of a listing.

    Attributes:
        key: its path below the URL.
        stamp: tells one content of the object from another: its ETag, else its size and time.
    """

    key: str
    stamp: str


class Storage:
    """The objects below a URL. Safe to use in several threads.

    Args:
        url: s3://BUCKET/PATH, gs://BUCKET/PATH, az://CONTAINER/PATH or file:///PATH.

    Raises:
        InvalidOption: the URL is wrong, or the library for buckets is not installed.
    """

    def __init__(self, url: str) -> None:
        scheme, _, place = url.partition("://")
        if not place.strip("/"):
            raise InvalidOption(f"{url} is no place for photos: it names none.")
        self.url = f"{scheme.lower()}://{place.rstrip('/')}"
        self._store = _open(self.url)

    def pages(self, folder: str = "") -> Iterator[list[Found]]:
        """Every object below a folder, in pages.

        Raises:
            StorageFailed: the listing fails.
        """
        with _told(f"{self.url} cannot be listed"):
            for page in self._store.list(folder or None, chunk_size=PAGE):
                yield [Found(each["path"], _stamp(each)) for each in page]

    def read(self, key: str) -> bytes:
        """The content of an object.

        Raises:
            ObjectMissing: there is none.
            StorageFailed: it cannot be read.
        """
        with _told(f"{self.url}/{key} cannot be read", key):
            return bytes(self._store.get(key).bytes())

    def write(self, key: str, data: bytes) -> None:
        """Write an object in one request; readers see it whole or not at all.

        Raises:
            StorageFailed: it cannot be written.
        """
        with _told(f"{self.url}/{key} cannot be written"):
            self._store.put(key, data, use_multipart=False)

    def within(self, other: "Storage") -> str | None:
        """The path of this storage below another one; None if it lies elsewhere."""
        if self.url == other.url:
            return ""
        return self.url.removeprefix(f"{other.url}/") if self.url.startswith(f"{other.url}/") else None


def is_url(text: str) -> bool:
    """Whether a text names a bucket or folder by URL."""
    return URL.match(text) is not None


def split_url(url: str) -> tuple[str, str]:
    """The URL of the folder of an object, and the object's name."""
    folder, _, name = url.rpartition("/")
    return folder, name


def _open(url: str) -> "ObjectStore":
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415
        from obstore.store import from_url  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InvalidOption(f"{url} needs a library that is not there.", hint=INSTALL) from error
    retries: Any = {
        "max_retries": 1000,
        "retry_timeout": timedelta(seconds=RETRIES_S),
        "backoff": {
            "init_backoff": timedelta(milliseconds=100),
            "max_backoff": timedelta(seconds=10),
            "base": 2,
        },
    }
    try:
        if url.startswith("file://"):
            return from_url(_quoted(url), mkdir=True)
        return from_url(
            url,
            client_options={
                "timeout": timedelta(seconds=SILENCE_S),
                "connect_timeout": timedelta(seconds=5),
                "allow_http": True,  # only where the endpoint in the environment says so
            },
            retry_config=retries,
        )
    except (BaseError, OSError, ValueError) as error:
        raise InvalidOption(f"{url} is no place for photos: {_words(error)}.") from error


def _quoted(url: str) -> str:
    path = url[len("file://") :]
    if not path.startswith("/"):
        raise InvalidOption(
            f"{url} is no place for photos: it is not an absolute path, such as file:///data."
        )
    return f"file://{quote(path)}"


def _stamp(found: Any) -> str:
    return str(found["e_tag"] or f"{found['size']}-{found['last_modified'].timestamp():.6f}")


@contextmanager
def _told(what: str, key: str | None = None) -> Iterator[None]:
    """Tell errors of the library in our own words."""
    from obstore.exceptions import BaseError, NotFoundError  # noqa: PLC0415

    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        if key is None:
            raise StorageFailed(f"{what}: {_words(error)}.") from error
        raise ObjectMissing(f"There is no {key} any more.") from error
    except (BaseError, OSError) as error:
        raise StorageFailed(f"{what}: {_words(error)}.") from error


def _words(error: Exception) -> str:
    """The first line of an error of the library, which goes on with how it came about."""
    return str(error).strip().split("\n", 1)[0][:300].rstrip(".")
