"""The command line: serve, process, models, healthcheck, export, bench, selftest."""

import argparse
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from threading import Thread
from types import FrameType

import facecraft.weights.__main__ as models
from facecraft import __version__
from facecraft.cancellation import Cancellation
from facecraft.errors import FacecraftError, InvalidOption, SettingInvalid
from facecraft.files import write_whole
from facecraft.folders import manifest
from facecraft.options import Options
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock, default_lock_path, load_lock

HEALTHCHECK_TIMEOUT_S = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code."""
    args = _parser().parse_args(argv)
    try:
        code: int = args.run(args)
    except FacecraftError as error:
        print(f"facecraft: {error.code}: {error.detail} {error.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        # A network may still run in a thread, in native code that aborts when the interpreter goes away.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at exit
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="facecraft", description="Restores the faces in portrait photos.")
    parser.add_argument("--version", action="version", version=f"facecraft {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="answer HTTP requests (see FACECRAFT_* in the README)")
    serve.set_defaults(run=_serve)

    process = commands.add_parser("process", help="restore photos from files and folders")
    process.add_argument("inputs", nargs="+", metavar="IN", help="a file, a folder or a glob pattern")
    process.add_argument(
        "--watch",
        action="store_true",
        help="IN is one folder: process what is dropped into it, until stopped",
    )
    process.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="made if it is missing"
    )
    process.add_argument(
        "--manifest",
        type=Path,
        metavar="FILE",
        help="what became of each photo, written at the end; .csv or .json; portraits are judged for it",
    )
    for name, field in Options.model_fields.items():
        process.add_argument(
            f"--{name.replace('_', '-')}", dest=f"option_{name}", metavar="VALUE", help=field.description
        )
    process.set_defaults(run=_process)

    weights = commands.add_parser("models", help="list, pull, verify or re-hash the models of models.lock")
    models.add_commands(weights)
    weights.set_defaults(run=models.run)

    check = commands.add_parser("healthcheck", help="ask the running server whether it is ready")
    check.set_defaults(run=_healthcheck)

    export = commands.add_parser("export", help="export the graphs of all networks, for onnxruntime")
    export.set_defaults(run=_export)

    bench = commands.add_parser("bench", help="measure a server on this machine, with these settings")
    bench.add_argument("--photo", type=Path, metavar="FILE", help="with one face; by default one of our own")
    bench.add_argument("--requests", type=_positive, default=20, metavar="N", help="for each measurement")
    bench.add_argument(
        "--clients", type=_positive, nargs="+", default=[1, 4, 32], metavar="N", help="at once; 1 4 32"
    )
    bench.add_argument("--restorer", default="auto", metavar="NAME", help="as the option of a request")
    bench.add_argument("--json", action="store_true", help="for machines")
    bench.set_defaults(run=_bench)

    test = commands.add_parser("selftest", help="import every module, load every model, process one picture")
    test.set_defaults(run=_selftest)
    return parser


def _lock(settings: Settings) -> Lock:
    return load_lock(settings.models_lock or default_lock_path())


def _serve(_: argparse.Namespace) -> int:
    # PID 1 of a container ignores signals it has no handler for, and the server's comes after the imports.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from facecraft.service.server import serve  # noqa: PLC0415  # torch takes seconds; `--version` need not wait

    settings = Settings.load()
    return serve(settings, _lock(settings))


def _process(args: argparse.Namespace) -> int:
    fields = {
        name: getattr(args, f"option_{name}")
        for name in Options.model_fields
        if getattr(args, f"option_{name}") is not None
    }
    options = Options.parse(fields)
    wanted: Path | None = args.manifest
    if wanted is not None and wanted.suffix.lower() not in manifest.FORMATS:
        raise InvalidOption(f"--manifest takes a .csv or .json, and not {wanted.name}.", hint="Rename it.")
    settings = Settings.load()

    if args.watch:
        return _watch(args, options, settings)

    from facecraft.bootstrap import load  # noqa: PLC0415
    from facecraft.folders import once as batch  # noqa: PLC0415

    jobs = batch.find_jobs(args.inputs, args.output)
    if not jobs:
        print("facecraft: no photo found in " + ", ".join(args.inputs), file=sys.stderr)
        return 1
    loaded = load(settings, _lock(settings))
    loaded.pipeline.validate(options)
    summary = batch.run(jobs, loaded.pipeline, options, judge=wanted is not None)
    print(f"{summary.done} done, {summary.failed} failed, in {args.output}")
    if wanted is not None:
        try:
            write_whole(wanted, manifest.FORMATS[wanted.suffix.lower()](summary.entries))
        except OSError as error:
            print(f"facecraft: the manifest was not written: {error}", file=sys.stderr)
            return 1
    return 1 if summary.failed else 0


def _watch(args: argparse.Namespace, options: Options, settings: Settings) -> int:
    folder = Path(args.inputs[0])
    if args.manifest is not None:
        raise InvalidOption("--watch has no end at which it could write a manifest.", hint="Leave it away.")
    if len(args.inputs) > 1 or not folder.is_dir():
        raise InvalidOption("--watch takes one folder, which is there.", hint="Name it as IN.")
    stop = Cancellation()

    def end(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C ends at once
        Thread(target=stop.cancel).start()  # from here it could wait for a lock that this very thread holds

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)

    from facecraft.bootstrap import load  # noqa: PLC0415
    from facecraft.folders.watch import HotFolder  # noqa: PLC0415

    loaded = load(settings, _lock(settings))
    loaded.pipeline.validate(options)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may be no text

    def say(line: str) -> None:
        with suppress(OSError):  # a full disk under the log does not stop the portraits
            print(line, flush=True)

    hot = HotFolder(
        folder,
        args.output,
        loaded.pipeline,
        options,
        settings.max_upload_bytes,
        say=say,
    )
    say(f"Facecraft watches {folder} on {loaded.device}; portraits go to {args.output}")
    hot.watch(stop)
    return 0


def _healthcheck(_: argparse.Namespace) -> int:
    settings = Settings.load()
    if settings.port == 0:
        raise SettingInvalid("FACECRAFT_PORT is 0, so the port is not known.")
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    url = f"http://{host}:{settings.port}/ready"
    # No proxy: it would answer for a server on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=HEALTHCHECK_TIMEOUT_S) as response:
            print(f"ready: {json.load(response)['device']}")
    except urllib.error.HTTPError as error:
        print(f"not ready: {json.load(error).get('detail', error.reason)}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"no answer from {url}: {error}", file=sys.stderr)
        return 1
    return 0


def _export(_: argparse.Namespace) -> int:
    from facecraft import catalogue  # noqa: PLC0415
    from facecraft.restoration.engines.graphs import graph_of  # noqa: PLC0415

    folder = Settings.load().graphs_dir
    for model in catalogue.IMAGE_MODELS:
        if (network := model.network) is not None:
            print(f"{model.name}: {len(graph_of(model.name, network, folder))} bytes in {folder}")
    return 0


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _bench(args: argparse.Namespace) -> int:
    from facecraft.checks.bench import measure, table  # noqa: PLC0415

    photo = (args.photo or measure.PHOTO).read_bytes()
    result = measure.run(photo, args.requests, args.clients, args.restorer)
    print(json.dumps(asdict(result), indent=2) if args.json else table.markdown(result))
    return 0


def _selftest(_: argparse.Namespace) -> int:
    from facecraft.checks import selftest  # noqa: PLC0415

    settings = Settings.load()
    for line in selftest.run(settings, _lock(settings)):
        print(line)
    return 0
