"""`facecraft process`: make portraits of photos in files and folders."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from facecraft.bulk.storage import is_url
from facecraft.cli import load
from facecraft.cli.archive import process_archive
from facecraft.cli.archive_options import ArchiveOptions, archive_options
from facecraft.cli.photos import Photos, failure, find
from facecraft.cli.portrait_options import portrait_options
from facecraft.errors import InvalidOption, ServiceError
from facecraft.files import write_whole
from facecraft.options import Options
from facecraft.text import printable

if TYPE_CHECKING:
    from facecraft.folders.manifest import Entry
    from facecraft.folders.once import Job
    from facecraft.folders.selection import Selection
    from facecraft.settings import Settings

Output: TypeAlias = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="Folder for the portraits, created if missing; for one photo, it can also be a file such as "
        "anna.jpg. For a bucket, the URL of a folder.",
    ),
]
Manifest: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Write each photo's result to a .csv or .json file, with a verdict; in a bucket to a "
        ".parquet or .csv file.",
    ),
]
Include: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--include",
        metavar="PATTERN",
        help="Take only those files of a folder that fit, such as '*.jpg', whatever their suffix; can be "
        "repeated.",
    ),
]
DryRun: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Check the options and folders, name what is no photo, and end.")
]

URL_HINT = "Give URLs, such as s3://photos/in; a folder is file:///data/in."


@portrait_options
@archive_options
def process(
    inputs: Photos,
    *,
    fields: Mapping[str, str],
    archive: ArchiveOptions,
    output: Output,
    manifest: Manifest = None,
    include: Include = None,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Watch one folder (PHOTO) and process every photo dropped into it."),
    ] = False,
    dry_run: DryRun = False,
) -> int:
    """Make portraits of photos.

    A failed photo does not stop the others. The exit code is 1 if any file failed or is no photo.
    """
    from facecraft.folders.selection import Selection  # noqa: PLC0415

    selection = Selection(tuple(include or ()))
    if any(map(is_url, (*inputs, output))):
        options = Options.parse(fields)
        load.preset_of(options)
        if watch or dry_run:
            raise InvalidOption("--watch and --dry-run are for folders.", hint="Omit them for a bucket.")
        return process_archive(inputs, output, options, archive, manifest=manifest, selection=selection)
    if archive.given:
        raise InvalidOption("Shards, clusters and --retry-failed are for buckets.", hint=URL_HINT)
    file = None if manifest is None else Path(manifest)
    if watch:
        from facecraft.cli.watch import watch as watch_folder  # noqa: PLC0415

        options = Options.parse(fields)
        return watch_folder(inputs, Path(output), options, file, selection, dry_run=dry_run)
    return _process_once(inputs, Path(output), fields, file, selection, dry_run=dry_run)


def _process_once(
    inputs: list[str],
    path: Path,
    fields: Mapping[str, str],
    manifest: Path | None,
    selection: "Selection",
    *,
    dry_run: bool,
) -> int:
    from facecraft.cli.output import plan_output, try_folders  # noqa: PLC0415
    from facecraft.folders.manifest import FORMATS, Entry  # noqa: PLC0415
    from facecraft.settings import Settings  # noqa: PLC0415

    options = Options.parse(fields)
    if manifest is not None and manifest.suffix.lower() not in FORMATS:
        raise InvalidOption(
            f"--manifest takes a .csv or .json file, not {manifest.name}.",
            hint="Use a file name that ends in .csv or .json.",
        )
    found = find(inputs, [path] if manifest is None else [path, manifest], selection)
    output = plan_output(inputs, found.photos, path, options.format)
    if output.format is not None:
        options = Options.parse({**fields, "format": output.format})
    load.preset_of(options)
    settings = Settings.load()
    try_folders(output, manifest)
    if dry_run:
        print(f"photos: {len(output.jobs)}, others: {len(found.refused)}; nothing was processed")
        return 1 if found.refused else 0
    entries = [Entry.failed(str(refused.path), refused.error) for refused in found.refused]
    if output.jobs:
        entries += _run(output.jobs, options, settings, judge=manifest is not None)
    failed = sum(entry.status == "failed" for entry in entries)
    if output.format is not None:
        _tell(entries)
    print(f"{len(entries) - failed} done, {failed} failed, in {output.folder}")
    if manifest is not None:
        _write_manifest(manifest, FORMATS[manifest.suffix.lower()](entries))
    return 1 if failed else 0


def _run(jobs: "list[Job]", options: Options, settings: "Settings", *, judge: bool) -> "list[Entry]":
    """Process the photos. Standard error gets a line for each failure and, on a terminal, a progress bar."""
    from tqdm import tqdm  # noqa: PLC0415

    from facecraft.folders.once import process_jobs  # noqa: PLC0415

    entries: list[Entry] = []
    with load.runtime(settings) as runtime:
        runtime.pipeline.validate(options)
        with tqdm(total=len(jobs), unit="photo", file=sys.stderr, disable=None) as progress:
            for found in process_jobs(jobs, runtime.pipeline, options, judge=judge):
                entries += found
                for entry in found:
                    if entry.problem is not None:
                        progress.write(failure(entry.file, entry.problem), file=sys.stderr)
                progress.update()
    return entries


def _tell(entries: "list[Entry]") -> None:
    """Say of each portrait what was decided for it, and how it is judged."""
    for entry in entries:
        told = list(entry.notes)
        if entry.verdict is not None:
            failed = f" ({', '.join(entry.failed_rules)})" if entry.failed_rules else ""
            told.append(f"verdict {entry.verdict}{failed}")
        if told:
            print(printable(f"{entry.output}: {'; '.join(told)}"))


def _write_manifest(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise ServiceError(
            f"The manifest {path} cannot be written: {error.strerror}.",
            hint="The portraits were written; choose another --manifest.",
        ) from error
