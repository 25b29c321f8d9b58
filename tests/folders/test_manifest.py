import csv
import io
import json
from dataclasses import replace

import pytest

from facecraft.errors import ImageTooLarge, NoFaceFound
from facecraft.folders import manifest
from facecraft.folders.manifest import Entry
from facecraft.types import Damage, Note, RuleResult, RuleStatus, Verdict
from tests.portraits import BLANK


def rule(name: str, status: RuleStatus) -> RuleResult:
    return RuleResult(name, status, value=0.5, least=0.6, most=None, unit="", detail="made up")


PORTRAIT = replace(
    BLANK,
    data=b"0123",
    width=64,
    height=80,
    restorer="facecraft-clean",
    damages=(Damage(51.26, 12.36, 180.04, jpeg_quality=60, grey=False),),
    notes=(Note("source_small", "It is small."), Note("extended", "It was extended.")),
    verdict=Verdict((rule("head_height", "fail"), rule("sharpness", "pass"), rule("eye_line", "fail"))),
)
DONE = Entry.done("a.png", "a.jpg", PORTRAIT, 12.345)
FAILED = Entry.failed("b.png", NoFaceFound("No face was found in the picture."), 1.0)


def rows(*entries: Entry) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(manifest.as_csv(entries).decode(), newline="")))


def test_json_says_everything_of_a_portrait() -> None:
    assert json.loads(manifest.as_json([DONE])) == {
        "files": [
            {
                "file": "a.png",
                "output": "a.jpg",
                "status": "done",
                "verdict": "fail",
                "failed_rules": ["head_height", "eye_line"],
                "notes": ["source_small", "extended"],
                "width": 64,
                "height": 80,
                "bytes": 4,
                "ms": 12.3,
                "restorer": "facecraft-clean",
                "damages": [
                    {"detail": 51.3, "noise": 12.4, "square_px": 180.0, "jpeg_quality": 60, "grey": False}
                ],
                "problem": None,
            }
        ]
    }


def test_json_has_the_problem_of_a_file_that_failed() -> None:
    error = ImageTooLarge("The picture has 64000000 pixels.", limit=40_000_000)
    (entry,) = json.loads(manifest.as_json([Entry.failed("b.png", error)]))["files"]
    assert entry["problem"] == error.problem()
    assert (entry["status"], entry["output"], entry["ms"]) == ("failed", None, None)


def test_a_portrait_that_was_not_judged_has_no_verdict() -> None:
    entry = Entry.done("a", "a.png", BLANK, 0)
    assert (entry.verdict, entry.failed_rules) == (None, ())


def test_csv_has_a_line_for_each_file_under_a_header_with_every_cell_in_quotes() -> None:
    lines = (
        "file,output,status,verdict,failed_rules,notes,width,height,bytes,ms,code,detail,restorer",
        "a.png,a.jpg,done,fail,head_height eye_line,source_small extended,64,80,4,12.3,,,facecraft-clean",
        "b.png,,failed,,,,,,,1.0,no_face_found,No face was found in the picture.,",
    )
    assert manifest.as_csv([DONE, FAILED]).decode().split("\r\n") == [
        *map(quoted, lines),
        "",
    ]


def quoted(line: str) -> str:
    return ",".join(f'"{cell}"' for cell in line.split(","))


FORMULAS = [
    *("=1+1", "+1", "-1", "@SUM(A1)"),
    *(" =1", "\u00a0\u3000=1", "\u0000=1", "\x1b=1"),  # spaces and control characters
    *("\ufeff=1", "\u200b\u200d=1", "\u2060-1", "\u00ad+1", "\u202e=1", "\u2066@A", "\U000e0001=1"),  # unseen
    *("\ufe0f=1", "\u034f=1", "\u3164=1", "\u2800=1", "\u180e=1", " \u200b \ufeff\u202d=1"),
    *("\uff1d1", "\uff0b1", "\uff0d1", "\uff20A1", "\u200b\uff1d1"),  # wide, small and raised characters
    *("\ufe66A", "\ufe63A", "\u207a1", "\u208b1", "\u22121"),
    "=\u0338A",  # NFKC makes one letter of it
]


@pytest.mark.parametrize("name", FORMULAS, ids=ascii)
def test_a_cell_that_a_spreadsheet_would_compute_gets_an_apostrophe(name: str) -> None:
    (row,) = rows(Entry.failed(name, NoFaceFound("None.")))
    assert row["file"] == f"'{name}"


@pytest.mark.parametrize("name", ["a=b", "a, b", 'a "b"', "ä", "", " a=b", "\u200ba-b"])
def test_any_other_name_comes_out_of_csv_as_it_went_in(name: str) -> None:
    (row,) = rows(Entry.failed(name, NoFaceFound("None.")))
    assert row["file"] == name


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("x\n=1+1.jpg", r"x\n=1+1.jpg"),
        ("x\t@A", r"x\t@A"),
        ("\r=1", r"\r=1"),
        ("a\r\nb", r"a\r\nb"),
        ("a\u2028b", r"a\u2028b"),
        ("=1\n", r"'=1\n"),
    ],
)
def test_no_line_or_cell_begins_within_a_name(name: str, cell: str) -> None:
    (row,) = rows(Entry.failed(name, NoFaceFound("None.")))
    assert row["file"] == cell


def test_json_keeps_a_name_that_looks_like_a_formula() -> None:
    entry = Entry.failed("=1+1", NoFaceFound("None."))
    assert json.loads(manifest.as_json([entry]))["files"][0]["file"] == "=1+1"


def test_a_name_that_is_no_text_survives_json() -> None:
    name = b"\xff.jpg".decode(errors="surrogateescape")
    entry = Entry.failed(name, NoFaceFound("None."))
    assert json.loads(manifest.as_json([entry]))["files"][0]["file"] == name
