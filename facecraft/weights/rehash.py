"""Download the sources of models.lock again, and write their sizes and hashes to it."""

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from facecraft.errors import LockInvalid
from facecraft.weights.lockfile import ModelEntry, Source, parse_lock
from facecraft.weights.progress import Progress
from facecraft.weights.sources import DOWNLOAD_LIMIT_BYTES, Downloads, SourceError
from facecraft.weights.store import digest

HEADER = re.compile(r"""\[models\.["']?([a-z0-9.-]+?)["']?\]""")
FIELD = re.compile(r"""(?P<start>\s*(?P<name>bytes|sha256)\s*=\s*)(?P<value>\d[\d_]*|"[^"]*"|'[^']*')""")


class Content(NamedTuple):
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SourceRehash:
    """The new size and hash of one source of one model.

    Attributes:
        content: size and hash, or the error of the download.
    """

    entry: ModelEntry
    source: Source
    content: Content | SourceError

    @property
    def expected(self) -> Content:
        return Content(self.entry.bytes, self.entry.sha256)


def rehash(entries: Iterable[ModelEntry], progress: Progress) -> Iterator[SourceRehash]:
    """Download every source of the models; keep only sizes and hashes."""
    with tempfile.TemporaryDirectory(prefix="facecraft-lock-") as folder:
        downloads = Downloads(Path(folder), progress)
        for entry in entries:
            for source in entry.sources:
                yield SourceRehash(entry, source, _content(downloads, source, Path(folder) / entry.file))


def _content(downloads: Downloads, source: Source, target: Path) -> Content | SourceError:
    try:
        downloads.fetch(source, target, DOWNLOAD_LIMIT_BYTES)
    except SourceError as error:
        return error
    content = Content(target.stat().st_size, digest(target))
    target.unlink()
    return content


def write_lock(path: Path, contents: Mapping[str, Content]) -> None:
    """Rewrite `bytes` and `sha256` of some models in a models.lock, and nothing else.

    Raises:
        LockInvalid: this function cannot edit the file's layout. The file is unchanged.
    """
    text = path.read_bytes().decode()  # keeps the newlines
    rewritten = "".join(_rewrite(text.splitlines(keepends=True), contents))
    written = parse_lock(rewritten).models
    for name, entry in parse_lock(text).models.items():
        content = contents.get(name, Content(entry.bytes, entry.sha256))
        if Content(written[name].bytes, written[name].sha256) != content:
            raise LockInvalid(
                f"{path}: `lock --write` cannot edit the lines of {name} as they are laid out.",
                hint=f"Write them yourself: bytes = {content.bytes}, sha256 = {content.sha256}.",
            )
    # In place: a single file that is mounted into a container cannot be renamed.
    path.write_bytes(rewritten.encode())


def _rewrite(lines: Iterable[str], contents: Mapping[str, Content]) -> Iterator[str]:
    content = None
    for line in lines:
        if line.startswith("["):
            header = HEADER.match(line)
            content = contents.get(header[1]) if header else None
        field = FIELD.match(line)
        if field and content:
            value = str(content.bytes) if field["name"] == "bytes" else f'"{content.sha256}"'
            yield field["start"] + value + line[field.end() :]
        else:
            yield line
