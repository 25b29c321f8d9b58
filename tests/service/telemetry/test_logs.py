"""The lines of the log, whatever they tell of."""

import json
import logging
import re
import sys
import time
from collections.abc import Iterator

import pytest

from facecraft.service.telemetry import logs

ROGUE = "a\n2026-01-01 INFO forged\x1b[31m\u202egnp"
SHOWN = r"a\n2026-01-01 INFO forged\x1b[31m\u202egnp"


@pytest.fixture
def record() -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "facecraft", "levelname": "INFO", "msg": "%s", "args": (ROGUE,)})
    made.file, made.status = ROGUE, 200
    made.request_id = "mine"
    return made


@pytest.fixture
def failed(record: logging.LogRecord) -> logging.LogRecord:
    try:
        raise ValueError(ROGUE)
    except ValueError:
        record.exc_info = sys.exc_info()
    return record


def test_a_console_line_stays_one_line_without_escape_sequences(record: logging.LogRecord) -> None:
    line = logs.ConsoleFormatter(logs.CONSOLE_FORMAT).format(record)
    assert line.endswith(f"INFO facecraft [mine] {SHOWN} file={SHOWN} status=200")
    assert line.isprintable()


def test_a_traceback_cannot_pass_for_a_record(failed: logging.LogRecord) -> None:
    first, *rest = logs.ConsoleFormatter(logs.CONSOLE_FORMAT).format(failed).split("\n")
    assert first.endswith("status=200")
    assert len(rest) > 3
    assert all(line.startswith("    ") and line.isprintable() for line in rest)


def test_json_shows_the_same(failed: logging.LogRecord) -> None:
    text = logs.json_formatter().format(failed)
    assert "\n" not in text
    members = json.loads(text)
    assert (members["message"], members["file"], members["status"]) == (SHOWN, SHOWN, 200)
    assert "ValueError: a\n2026-01-01 INFO forged\\x1b[31m\\u202egnp" in members["exc_info"]


def test_a_name_that_is_no_text_can_be_logged(record: logging.LogRecord) -> None:
    record.args = (b"\xff.jpg".decode(errors="surrogateescape"),)
    logs.ConsoleFormatter(logs.CONSOLE_FORMAT).format(record).encode()


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("tokyo")
def test_the_time_of_a_json_line_is_in_utc_and_says_so(record: logging.LogRecord) -> None:
    record.created = 1795610297.3159
    assert json.loads(logs.json_formatter().format(record))["time"] == "2026-11-25T12:38:17.315Z"
    assert re.match(r"2026-11-25 21:38:17,", logs.ConsoleFormatter(logs.CONSOLE_FORMAT).format(record))
