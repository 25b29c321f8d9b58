"""Write log lines for a console or as JSON, each with the id of its request.

What a line says may come from a client or from a file, as in the text of an error. So every value is made
printable: nobody can add a line to the log, or colour it.
"""

import logging
import sys
import time
import warnings
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

from pythonjsonlogger.json import JsonFormatter

from facecraft.text import printable

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")
"""The id of the current request, also in its worker threads."""

CONSOLE_FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
JSON_FIELDS = ("asctime", "levelname", "name", "request_id", "message")
JSON_NAMES = {"asctime": "time", "levelname": "level", "name": "logger"}
TRACES = ("exc_info", "stack_info")


def configure(level: str, kind: Literal["console", "json"]) -> None:
    """Write log records and Python's warnings to stderr, one line each."""
    logging.captureWarnings(capture=True)
    # Pillow warns of each broken entry of a photo's EXIF, with other words each time.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ConsoleFormatter(CONSOLE_FORMAT) if kind == "console" else json_formatter())
    handler.addFilter(_add_request_id)
    handler.addFilter(OnceAMinute())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def json_formatter() -> logging.Formatter:
    return JsonLines(list(JSON_FIELDS), rename_fields=JSON_NAMES, defaults=None)


class JsonLines(JsonFormatter):
    """Each record as a JSON object on a line, with its time in UTC (RFC 3339)."""

    def formatTime(self, record: logging.LogRecord, _format: str | None = None) -> str:  # noqa: N802
        time = datetime.fromtimestamp(record.created, UTC)
        return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: _safe_member(name, value) for name, value in log_data.items()}


class ConsoleFormatter(logging.Formatter):
    """Appends the extra attributes of a record, which are members in JSON. Tracebacks are indented, so that
    no line of one can be taken for a record.
    """

    STANDARD = frozenset(
        (*vars(logging.makeLogRecord({})), "request_id", "message", "asctime", "color_message")
    )

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        line = super().formatMessage(record).rstrip()
        extra = {name: value for name, value in vars(record).items() if name not in self.STANDARD}
        return printable(" ".join((line, *(f"{name}={value}" for name, value in extra.items()))))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return _safe_lines(super().formatException(ei), indent="    ")

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return _safe_lines(stack_info, indent="    ")


def _safe_member(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _safe_lines(value) if name in TRACES else printable(value.rstrip())


def _safe_lines(text: str, indent: str = "") -> str:
    return "\n".join(indent + printable(line) for line in text.split("\n"))


class OnceAMinute(logging.Filter):
    """Lets a warning that clients or the system cause at will pass once a minute, with a count of the others.

    Each message of LOGGERS is counted alone. Errors, and everything with a traceback, always pass.
    """

    LOGGERS = frozenset(
        ("uvicorn.error", "asyncio", "facecraft.service.protocol", "facecraft.service.descriptors")
    )
    PERIOD_S = 60

    def __init__(self) -> None:
        super().__init__()
        self._passed_at: dict[str, float] = {}
        self._held_back: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name not in self.LOGGERS or record.levelno != logging.WARNING or record.exc_info:
            return True
        message, now = str(record.msg), time.monotonic()
        if now - self._passed_at.get(message, -self.PERIOD_S) < self.PERIOD_S:
            self._held_back[message] = self._held_back.get(message, 0) + 1
            return False
        self._passed_at[message] = now
        held_back = self._held_back.pop(message, 0)
        if held_back:
            record.msg = f"{message} ({held_back} more since the last line of this kind)"
        return True


def _add_request_id(record: logging.LogRecord) -> bool:
    record.request_id = REQUEST_ID.get()
    return True
