"""`facecraft process`: make portraits of photos in files and folders."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facecraft.cli import load
from facecraft.cli.photos import Photos, failure, no_photo
from facecraft.cli.portrait_options import portrait_options
from facecraft.errors import InvalidOption, ServiceError
from facecraft.files import write_whole
from facecraft.options import Options

if TYPE_CHECKING:
    from facecraft.folders.manifest import Entry
    from facecraft.folders.once import Job
    from facecraft.settings import Settings


@portrait_options
def process(
    inputs: Photos,
    *,
    fields: Mapping[str, str],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Folder for the portraits, created if missing; for one photo, it can also be a file such as "
            "anna.jpg.",
        ),
    ],
    manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write each photo's result to a .csv or .json file, with a verdict.",
        ),
    ] = None,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Watch one folder (PHOTO) and process every photo dropped into it."),
    ] = False,
) -> int:
    """Make portraits of photos.

    A failed photo does not stop the others. The exit code is 1 if any photo failed.
    """
    if watch:
        from facecraft.cli.watch import watch as watch_folder  # noqa: PLC0415

        return watch_folder(inputs, output, Options.parse(fields), manifest)
    return _process_once(inputs, output, fields, manifest)


def _process_once(inputs: list[str], path: Path, fields: Mapping[str, str], manifest: Path | None) -> int:
    from facecraft.cli.output import make_folders, plan_output  # noqa: PLC0415
    from facecraft.folders.manifest import FORMATS  # noqa: PLC0415
    from facecraft.settings import Settings  # noqa: PLC0415

    options = Options.parse(fields)
    if manifest is not None and manifest.suffix.lower() not in FORMATS:
        raise InvalidOption(
            f"--manifest takes a .csv or .json file, not {manifest.name}.",
            hint="Use a file name that ends in .csv or .json.",
        )
    output = plan_output(inputs, path, options.format)
    if not output.jobs:
        raise no_photo(inputs)
    if output.format is not None:
        options = Options.parse({**fields, "format": output.format})
    load.preset_of(options)
    make_folders([output.folder] if manifest is None else [output.folder, manifest.parent])
    entries = _run(output.jobs, options, Settings.load(), judge=manifest is not None)
    failed = sum(entry.status == "failed" for entry in entries)
    print(f"{len(entries) - failed} done, {failed} failed, in {path}")
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


def _write_manifest(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise ServiceError(
            f"The manifest {path} cannot be written: {error.strerror}.",
            hint="The portraits were written; choose another --manifest.",
        ) from error
