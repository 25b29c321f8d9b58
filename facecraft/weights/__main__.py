"""The commands of `facecraft models`, and of `python -m facecraft.weights`."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from textwrap import indent
from types import FrameType

from facecraft.errors import StartupError
from facecraft.weights.lockfile import Lock, ModelEntry, default_lock_path, load_lock
from facecraft.weights.progress import NAME_WIDTH, Progress, megabytes
from facecraft.weights.rehash import Content, SourceRehash, rehash, write_lock
from facecraft.weights.sources import SourceError
from facecraft.weights.store import default_models_dir, pull, state, verify

DEFAULT_SET = "default"


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands to a parser. `run` runs the parsed arguments."""
    lock = argparse.ArgumentParser(add_help=False)
    lock.add_argument(
        "--lock", type=Path, metavar="FILE", help="default: FACECRAFT_MODELS_LOCK, or the package's"
    )
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument(
        "--dir", type=Path, metavar="DIR", help="default: FACECRAFT_MODELS_DIR, or in the user's cache"
    )
    both = [folder, lock]
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", parents=both, help="list the models and their licences")
    listing.add_argument("--json", action="store_true", help="print JSON, with all fields")
    listing.set_defaults(models_command=_list)

    pulling = commands.add_parser("pull", parents=both, help="download missing models, and verify them")
    _add_selection(pulling, f"default: the set {DEFAULT_SET}")
    pulling.set_defaults(models_command=_pull)

    verifying = commands.add_parser("verify", parents=both, help="compare the files with their hashes")
    _add_selection(verifying, f"default: the set {DEFAULT_SET}, and every other model that is present")
    verifying.set_defaults(models_command=_verify)

    locking = commands.add_parser(
        "lock", parents=[lock], help="download every source and compare it with its hash"
    )
    _add_selection(locking, "default: all")
    locking.add_argument("--write", action="store_true", help="write the new hashes to models.lock")
    locking.set_defaults(models_command=_rehash)


def _add_selection(parser: argparse.ArgumentParser, default: str) -> None:
    selection = parser.add_mutually_exclusive_group()
    selection.add_argument("--set", metavar="SET", help="all models of one set in models.lock")
    selection.add_argument("names", nargs="*", default=[], metavar="NAME", help=f"names of models; {default}")


def run(args: argparse.Namespace) -> int:
    """Run one command and return its exit code. A StartupError is printed, not raised."""
    try:
        with _terminable():
            code: int = args.models_command(args)
    except StartupError as error:
        _print_error(error)
        return 1
    except OSError as error:  # a full disk, an unreadable folder
        print(f"facecraft: {StartupError.code}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nfacecraft: interrupted; no incomplete file is left", file=sys.stderr)
        return 130
    return code


def _print_error(error: StartupError) -> None:
    """Print one line; what each source answered, which the detail of a failed pull has, is above it."""
    what, _, answers = error.detail.partition("\n")
    if answers:
        print(answers, file=sys.stderr)
    print(f"facecraft: {error.code}: {what} {error.hint}", file=sys.stderr)


@contextmanager
def _terminable() -> Iterator[None]:
    """Clean up after SIGTERM as after Ctrl-C. By default it ends the process without cleaning up."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _lock_path(args: argparse.Namespace) -> Path:
    chosen = args.lock or os.environ.get("FACECRAFT_MODELS_LOCK")
    return Path(chosen) if chosen else default_lock_path()


def _folder(args: argparse.Namespace) -> Path:
    chosen = args.dir or os.environ.get("FACECRAFT_MODELS_DIR")
    return Path(chosen) if chosen else default_models_dir()


def _selected(args: argparse.Namespace, lock: Lock, default: Collection[ModelEntry]) -> list[ModelEntry]:
    if args.set is not None:
        return list(lock.in_set(args.set))
    named = {name: lock.named(name) for name in args.names}
    return list(named.values() or default)


def _list(args: argparse.Namespace) -> int:
    lock, folder = load_lock(_lock_path(args)), _folder(args)
    if args.json:
        models = [asdict(entry) | {"state": state(entry, folder)} for entry in lock.models.values()]
        print(json.dumps({"dir": str(folder), "models": models}, indent=2))
        return 0
    head = ("name", "task", "size", "licence", "commercial use", "sets", "state")
    rows = [
        (
            entry.name,
            entry.task,
            megabytes(entry.bytes).rjust(8),
            entry.licence.name,
            "yes" if entry.licence.commercial_use else "no",
            ", ".join(entry.sets),
            state(entry, folder),
        )
        for entry in lock.models.values()
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"\nin {folder}; the state is by size, `verify` compares hashes")
    return 0


def _pull(args: argparse.Namespace) -> int:
    lock, folder = load_lock(_lock_path(args)), _folder(args)
    entries = _selected(args, lock, ()) or list(lock.in_set(DEFAULT_SET))
    done = pull(entries, folder, Progress(sys.stderr))
    downloaded = sum(model.source is not None for model in done)
    print(f"{downloaded} downloaded, {len(done) - downloaded} kept, all verified, in {folder}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    lock, folder = load_lock(_lock_path(args)), _folder(args)
    expected = [
        entry
        for entry in lock.models.values()
        if DEFAULT_SET in entry.sets or state(entry, folder) != "missing"
    ]
    wrong: list[StartupError] = []
    for entry in _selected(args, lock, expected):
        try:
            path = verify(entry, folder)
        except StartupError as error:
            wrong.append(error)
            print(f"{entry.name:<{NAME_WIDTH}}  {error.code}")
        else:
            print(f"{entry.name:<{NAME_WIDTH}}  verified  {path}")
    for each in wrong:
        _print_error(each)
    return 1 if wrong else 0


def _rehash(args: argparse.Namespace) -> int:
    path = _lock_path(args)
    lock = load_lock(path)
    results: list[SourceRehash] = []
    for result in rehash(_selected(args, lock, lock.models.values()), Progress(sys.stderr)):
        print(_rehash_line(result), flush=True)
        results.append(result)
    reached = [(each.entry.name, each.content) for each in results if isinstance(each.content, Content)]
    locked = {result.entry.name: result.expected for result in results}
    contents = dict(locked)
    if args.write:  # the first reachable source counts, and the others are compared with it
        contents |= dict(reversed(reached))
        write_lock(path, contents)
    changed = sum(locked[name] != contents[name] for name in locked)
    differing = sum(content != contents[name] for name, content in reached)
    written = f"{changed} rewritten, " if args.write else ""
    print(f"\n{len(reached)} of {len(results)} sources reached, {written}{differing} differ from {path}")
    return 1 if differing or not reached else 0


def _rehash_line(result: SourceRehash) -> str:
    start = f"{result.entry.name:<{NAME_WIDTH}}  "
    origin = f"  {result.source}"
    if isinstance(result.content, SourceError):
        return f"{start}unreachable{origin}\n{indent(str(result.content), '    ')}"
    if result.content == result.expected:
        return f"{start}same       {origin}"
    expected, actual = result.expected, result.content
    return (
        f"{start}DIFFERS    {origin}\n"
        f"    expected  {expected.bytes} bytes, sha256 {expected.sha256}\n"
        f"    actual    {actual.bytes} bytes, sha256 {actual.sha256}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m facecraft.weights")
    add_commands(parser)
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
