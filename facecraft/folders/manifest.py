"""The manifest of a run: the result of each file, as JSON or CSV.

JSON is for programs: `{"files": [...]}`, with an object for each file. An unknown value is `null`. A failed
file has its problem (RFC 9457).

CSV is for spreadsheets: UTF-8, a header, and one line for each file, with every cell in quotes. Lists are
separated by spaces. A problem has only its `code` and `detail`. Spreadsheets read a cell as a formula if it
begins with = + - @, and some also drop what stands before these, or take their wide forms for them. File
names may begin like this, so such a cell gets an apostrophe before it. Line ends and tabs are
written out, because a program that does not know quotes would begin a cell after them. JSON keeps every name
unchanged.
"""

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, Self

from facecraft.errors import FacecraftError
from facecraft.results import Portrait
from facecraft.types import Damage, RuleStatus

FORMULA_STARTS = frozenset("=+-@\u2212")  # the last one is the minus sign of mathematics
WRITTEN_ENDS = str.maketrans({end: repr(end).strip("'") for end in "\t\r\n\v\f\x85\u2028\u2029"})
"""A program that does not know quotes begins a cell or a line after one of them, so they are written out."""
BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""Letters, marks and symbols that nobody sees."""
COLUMNS = (
    "file", "output", "status", "verdict", "failed_rules", "notes", "width", "height", "bytes", "ms",
    "code", "detail", "restorer",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a run.

    Attributes:
        file: its name from the caller; empty if the entry is about the whole run.
        output: name of the portrait; None if there is none.
        status: whether there is a portrait.
        verdict: on the portrait; None if there is none, or if it was not judged.
        failed_rules: names of the portrait's failed rules.
        notes: codes of the portrait's notes.
        width: of the portrait, in pixels.
        height: of the portrait, in pixels.
        bytes: size of the portrait's file.
        ms: milliseconds of work; None if there was none.
        restorer: name of the restorer of faces, else of the cleaner, or "none".
        damages: the damage at each face, the largest first; empty if it was not measured.
        problem: the members of an RFC 9457 problem; None if there is a portrait.
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
    restorer: str | None = None
    damages: tuple[Damage, ...] = ()
    problem: Mapping[str, object] | None = None

    @classmethod
    def done(cls, file: str, output: str, portrait: Portrait, ms: float) -> Self:
        """The entry of a file with a portrait."""
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
            restorer=portrait.restorer,
            damages=portrait.damages,
        )

    @classmethod
    def failed(cls, file: str, error: FacecraftError, ms: float | None = None) -> Self:
        """The entry of a file without a portrait."""
        rounded_ms = None if ms is None else round(ms, 1)
        return cls(file=file, output=None, status="failed", ms=rounded_ms, problem=error.problem())


def as_json(entries: Iterable[Entry]) -> bytes:
    """The manifest as JSON."""
    text = json.dumps({"files": [_members(entry) for entry in entries]}, indent=2, ensure_ascii=False)
    # A file's name may be invalid text; escaped, it is valid JSON.
    return (text + "\n").encode(errors="backslashreplace")


def as_csv(entries: Iterable[Entry]) -> bytes:
    """The manifest as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows(_row(entry) for entry in entries)
    return text.getvalue().encode(errors="backslashreplace")


FORMATS: Mapping[str, Callable[[Iterable[Entry]], bytes]] = {".csv": as_csv, ".json": as_json}
"""The functions that write a manifest, by suffix of its file."""


def _members(entry: Entry) -> dict[str, object]:
    return asdict(entry) | {"damages": [damage.members() for damage in entry.damages]}


def _row(entry: Entry) -> list[object]:
    problem = entry.problem or {}
    members = asdict(entry) | {"code": problem.get("code"), "detail": problem.get("detail")}
    return [cell(members[column]) for column in COLUMNS]


def cell(value: object) -> object:
    """A value for CSV: words for a list, and no formula."""
    if isinstance(value, tuple | list):
        value = " ".join(value)
    if not isinstance(value, str):
        return value
    value = value.translate(WRITTEN_ENDS)
    return f"'{value}" if _begins_formula(value) or _begins_formula(_plain(value)) else value


def _plain(text: str) -> str:
    """The text with wide, small and raised characters as plain ones."""
    return unicodedata.normalize("NFKC", text)


def _begins_formula(text: str) -> bool:
    for each in text:
        if each in FORMULA_STARTS:
            return True
        # Category Z: spaces; C: control characters, and what is invisible or turns the direction of text.
        if unicodedata.category(each)[0] not in "ZC" and each not in BLANK:
            return False
    return False
