"""What became of each file of a batch, as JSON and as CSV.

JSON is for programs: `{"files": [...]}`, an object for each file, with `null` where there is nothing to say
and the problem (RFC 9457) of a file that failed.

CSV is for spreadsheets: UTF-8, a header, and a line for each file; lists are separated by spaces, and of the
problem there are `code` and `detail`. A spreadsheet takes a cell that begins with = + - @ or with white space
that it skips (tab, carriage return, line feed) as a formula, and a file may be named like one. So such a
text gets an apostrophe before it; whoever wants the names as they were takes the JSON.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, Self

from facecraft.errors import FacecraftError
from facecraft.types import Portrait, RuleStatus

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "file", "output", "status", "verdict", "failed_rules", "notes", "width", "height", "bytes", "ms",
    "code", "detail",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a batch.

    Attributes:
        file: its name, as it was given; empty where the entry is about the batch.
        output: the portrait's name, None where there is none.
        verdict: None where there is no portrait, or where it was not judged.
        failed_rules: names of the rules that the portrait does not keep.
        notes: codes of what turned out otherwise than one may think.
        width: of the portrait, in pixels.
        height: of the portrait, in pixels.
        bytes: of the portrait.
        ms: milliseconds that the work took, None where there was none.
        problem: the members of an RFC 9457 problem, None where there is a portrait.
    """

    file: str
    output: str | None
    status: Literal["done", "failed"]
    verdict: RuleStatus | None = None
    failed_rules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    ms: float | None = None
    problem: Mapping[str, object] | None = None

    @classmethod
    def done(cls, file: str, output: str, portrait: Portrait, ms: float) -> Self:
        rules = () if portrait.verdict is None else portrait.verdict.rules
        return cls(
            file=file,
            output=output,
            status="done",
            verdict=None if portrait.verdict is None else portrait.verdict.status,
            failed_rules=tuple(rule.name for rule in rules if rule.status == "fail"),
            notes=tuple(note.code for note in portrait.notes),
            width=portrait.width,
            height=portrait.height,
            bytes=len(portrait.data),
            ms=round(ms, 1),
        )

    @classmethod
    def failed(cls, file: str, error: FacecraftError, ms: float | None = None) -> Self:
        took_ms = None if ms is None else round(ms, 1)
        return cls(file=file, output=None, status="failed", ms=took_ms, problem=error.problem())


def as_json(entries: Iterable[Entry]) -> bytes:
    text = json.dumps({"files": [asdict(entry) for entry in entries]}, indent=2, ensure_ascii=False)
    # Names of files may be no text; as escapes those are valid JSON.
    return (text + "\n").encode(errors="backslashreplace")


def as_csv(entries: Iterable[Entry]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_row(entry) for entry in entries)
    return text.getvalue().encode(errors="backslashreplace")


FORMATS: Mapping[str, Callable[[Iterable[Entry]], bytes]] = {".csv": as_csv, ".json": as_json}
"""How a manifest is made, by the suffix of its file."""


def _row(entry: Entry) -> list[object]:
    problem = entry.problem or {}
    members = asdict(entry) | {"code": problem.get("code"), "detail": problem.get("detail")}
    return [_cell(members[column]) for column in COLUMNS]


def _cell(value: object) -> object:
    if isinstance(value, tuple):
        value = " ".join(value)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
