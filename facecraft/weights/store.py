"""The models folder. A file is verified before it gets its name there."""

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Literal

from facecraft.errors import HashMismatch, StartupError, WeightsMissing
from facecraft.weights.lockfile import ModelEntry, PackageSource, Source
from facecraft.weights.progress import NAME_WIDTH, Progress, megabytes
from facecraft.weights.sources import Downloads, SourceError, WrongBytesError

UNREACHABLE_HINT = (
    "Check the network (and HTTPS_PROXY, SSL_CERT_FILE and pip's index, if you need them), then pull again: "
    "downloaded models are kept. The set `default` needs a package index and no other host."
)
WRONG_BYTES_HINT = (
    "A proxy or a mirror may have sent something else. Pull again from another network, or compare with the "
    "models.lock of the release."
)
PACKAGED_HINT = "The file comes with Facecraft: install Facecraft again, with its own models.lock."

State = Literal["present", "missing", "wrong size"]


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One verified model in the folder.

    Attributes:
        source: where it came from; None if it was in the folder already.
    """

    entry: ModelEntry
    path: Path
    source: Source | None
    seconds: float


@dataclass(frozen=True, slots=True)
class _Failure:
    """A model that could not be downloaded, and the reason of each source."""

    entry: ModelEntry
    reasons: tuple[tuple[Source, SourceError], ...]


def default_models_dir() -> Path:
    """Choose `facecraft/models` in the user's cache, or in the system's if the user has no home."""
    return _cache_dir() / "facecraft" / "models"


def default_graphs_dir() -> Path:
    """Choose `facecraft/graphs` in the same cache, for exported networks."""
    return _cache_dir() / "facecraft" / "graphs"


def _cache_dir() -> Path:
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    chosen = Path(os.environ.get(variable, ""))
    if chosen.is_absolute():  # as the XDG base directory specification asks
        return chosen
    try:
        home = Path.home()
    except RuntimeError:  # in a container, a user id without an entry in /etc/passwd
        return Path("/var/cache")
    if sys.platform == "win32":
        return home / "AppData" / "Local"
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    return home / ".cache"


def state(entry: ModelEntry, folder: Path) -> State:
    """Check a model's file by its size only."""
    path = entry.path(folder)
    if not path.is_file():
        return "missing"
    return "present" if path.stat().st_size == entry.bytes else "wrong size"


def digest(path: Path) -> str:
    """Compute the SHA-256 of a file, as 64 lowercase hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(entry: ModelEntry, folder: Path) -> Path:
    """Compare a model's file with models.lock, and return its path.

    Raises:
        WeightsMissing: the file is missing or cannot be read.
        HashMismatch: its size or hash differs.
    """
    path = entry.path(folder)
    hint = PACKAGED_HINT if _is_packaged(entry) else f"Run `facecraft models pull {entry.name}`."
    try:
        if not path.is_file():
            raise WeightsMissing(f"The file of {entry.name} is missing: {path}.", hint=hint)
        difference = _difference(entry, path)
    except OSError as error:
        raise WeightsMissing(f"The file of {entry.name} cannot be read: {error}.", hint=hint) from error
    if difference:
        expected, actual = difference
        raise HashMismatch(
            f"{path} is not the file in models.lock: expected {expected}, actual {actual}.", hint=hint
        )
    return path


def _is_packaged(entry: ModelEntry) -> bool:
    return any(isinstance(source, PackageSource) for source in entry.sources)


def _difference(entry: ModelEntry, path: Path) -> tuple[str, str] | None:
    """Describe the expected and the actual file, if they differ. The size is compared first."""
    size_bytes = path.stat().st_size
    if size_bytes != entry.bytes:
        return f"{entry.bytes} bytes", f"{size_bytes} bytes"
    actual = digest(path)
    return None if actual == entry.sha256 else (f"sha256 {entry.sha256}", f"sha256 {actual}")


def pull(entries: Sequence[ModelEntry], folder: Path, progress: Progress) -> tuple[StoredModel, ...]:
    """Verify the models in the folder, and download those that are missing or wrong.

    A file gets its name only after its hash has been verified. An interrupted pull leaves no incomplete file.

    Raises:
        WeightsMissing: no source of a model could be downloaded, or the folder cannot be written.
        HashMismatch: the same, and the bytes of a source differ from models.lock.
    """
    done = {entry.name: kept for entry in entries if (kept := _kept(entry, folder))}
    for kept in done.values():
        progress.line(_report(kept))
    missing = {entry.name: entry for entry in entries if entry.name not in done}
    if missing:
        done |= _download(missing.values(), folder, progress)
    return tuple(done[entry.name] for entry in entries)


def _kept(entry: ModelEntry, folder: Path) -> StoredModel | None:
    start = time.monotonic()
    try:
        path = verify(entry, folder)
    except StartupError:
        return None
    return StoredModel(entry, path, None, time.monotonic() - start)


def _download(entries: Collection[ModelEntry], folder: Path, progress: Progress) -> dict[str, StoredModel]:
    """Try all models before raising the failures, so that the next pull has less to do."""
    outcomes: list[StoredModel | _Failure] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Inside the folder, so that a rename does not cross file systems. Each process has its own.
        with tempfile.TemporaryDirectory(prefix=".pull-", dir=folder) as scratch:
            downloads = Downloads(Path(scratch), progress)
            for entry in entries:
                outcome = _download_one(entry, folder, Path(scratch), downloads)
                outcomes.append(outcome)
                progress.line(_report(outcome))
    except OSError as error:
        raise WeightsMissing(
            f"The models folder {folder} cannot be written: {error}.",
            hint="Make room in it, or choose another one with --dir or FACECRAFT_MODELS_DIR.",
        ) from error
    failures = [outcome for outcome in outcomes if isinstance(outcome, _Failure)]
    if failures:
        raise _startup_error(failures)
    return {outcome.entry.name: outcome for outcome in outcomes if isinstance(outcome, StoredModel)}


def _download_one(
    entry: ModelEntry, folder: Path, scratch: Path, downloads: Downloads
) -> StoredModel | _Failure:
    start = time.monotonic()
    path, unverified = entry.path(folder), scratch / entry.file
    reasons = []
    for source in entry.sources:
        try:
            downloads.fetch(source, unverified, entry.bytes)
            if difference := _difference(entry, unverified):
                raise WrongBytesError("gave other bytes\n  expected  {}\n  actual    {}".format(*difference))
        except SourceError as error:
            reasons.append((source, error))
        else:
            unverified.replace(path)
            return StoredModel(entry, path, source, time.monotonic() - start)
    return _Failure(entry, tuple(reasons))


def _report(outcome: StoredModel | _Failure) -> str:
    entry = outcome.entry
    start = f"{entry.name:<{NAME_WIDTH}}  {megabytes(entry.bytes):>8}"
    if isinstance(outcome, _Failure):
        return f"{start}  could not be downloaded"
    origin = f"from {outcome.source.origin}" if outcome.source else "already present"
    return f"{start}  {origin}  {outcome.seconds:.1f} s  verified"


def _startup_error(failures: Sequence[_Failure]) -> StartupError:
    number = f"{len(failures)} models" if len(failures) > 1 else "One model"
    lines = [f"{number} could not be downloaded from any source. No incomplete file was kept."]
    for failure in failures:
        lines += ["", f"  {failure.entry.name}"]
        for source, error in failure.reasons:
            lines += [f"    {source}", indent(str(error), " " * 6)]
    detail = "\n".join(lines)
    only_packaged = all(_is_packaged(failure.entry) for failure in failures)
    if any(isinstance(error, WrongBytesError) for failure in failures for _, error in failure.reasons):
        return HashMismatch(detail, hint=PACKAGED_HINT if only_packaged else WRONG_BYTES_HINT)
    return WeightsMissing(detail, hint=PACKAGED_HINT if only_packaged else UNREACHABLE_HINT)
