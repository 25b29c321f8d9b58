"""Write log lines for a console or as JSON, each with the id of its request."""

import logging
import sys
import time
from contextvars import ContextVar
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")
"""The id of the current request, also in its worker threads."""

CONSOLE_FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
JSON_FIELDS = ("asctime", "levelname", "name", "request_id", "message")


def configure(level: str, kind: Literal["console", "json"]) -> None:
    """Write log records and Python's warnings to stderr, one line each."""
    logging.captureWarnings(capture=True)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ConsoleFormatter(CONSOLE_FORMAT) if kind == "console" else json_formatter())
    handler.addFilter(_add_request_id)
    handler.addFilter(OnceAMinute())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def json_formatter() -> logging.Formatter:
    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    return JsonFormatter(list(JSON_FIELDS), rename_fields=names, defaults=None)


class ConsoleFormatter(logging.Formatter):
    """Appends the extra attributes of a record. In JSON they are members."""

    STANDARD = frozenset(
        (*vars(logging.makeLogRecord({})), "request_id", "message", "asctime", "color_message")
    )

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        extra = {name: value for name, value in vars(record).items() if name not in self.STANDARD}
        return " ".join((line, *(f"{name}={value}" for name, value in extra.items())))


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
