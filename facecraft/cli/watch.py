"""`facecraft process --watch`: make portraits of all photos dropped into a folder."""

import signal
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import FrameType

from facecraft.cancellation import Cancellation
from facecraft.cli import load
from facecraft.errors import InvalidOption
from facecraft.folders.search import is_folder
from facecraft.folders.selection import Selection
from facecraft.options import Options
from facecraft.text import printable


def watch(
    inputs: list[str],
    output: Path,
    options: Options,
    manifest: Path | None,
    selection: Selection,
    *,
    dry_run: bool,
) -> int:
    """Watch a folder until SIGTERM or Ctrl-C.

    Raises:
        InvalidOption: there is more than one input, it is not a folder, or there is a manifest.
        StartupError: a folder cannot be read or written.
    """
    folder = Path(inputs[0])
    if manifest is not None:
        raise InvalidOption(
            "--watch cannot write a manifest, because it has no end.", hint="Omit --manifest or --watch."
        )
    if len(inputs) > 1 or not is_folder(folder):
        raise InvalidOption("--watch needs exactly one folder that exists.", hint="Give one folder as PHOTO.")
    load.preset_of(options)
    stop = _stop_on_signals()

    from facecraft.folders.layout import Layout  # noqa: PLC0415
    from facecraft.folders.watch import FolderWatcher  # noqa: PLC0415
    from facecraft.settings import Settings  # noqa: PLC0415

    settings = Settings.load()
    layout = Layout(folder, output, marked=options.each, selection=selection)
    if dry_run:
        print(f"{folder} can be watched, and {output} can be written; nothing was processed")
        return 0
    with load.runtime(settings) as runtime:
        runtime.pipeline.validate(options)
        watcher = FolderWatcher(layout, runtime.pipeline, options, settings.max_upload_bytes, report=_report)
        files = f" for {', '.join(selection.patterns)}" if selection.patterns else ""
        _report(f"Facecraft watches {folder}{files} on {runtime.device}; portraits go to {output}")
        watcher.watch(stop)
    return 0


def _stop_on_signals() -> Cancellation:
    """A token, cancelled by SIGTERM and Ctrl-C; a second Ctrl-C ends the process."""
    stop = Cancellation()

    def cancel(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        Thread(target=stop.cancel).start()  # this thread could wait for its own lock

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, cancel)
    return stop


def _report(line: str) -> None:
    with suppress(OSError):  # a full disk under the log does not stop the portraits
        print(printable(line), flush=True)
