"""Log lines: to read on a console, or JSON to collect; each says whose request it is about."""

import logging
import sys
from contextvars import ContextVar
from typing import Literal

from pythonjsonlogger.json import JsonFormatter

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")
"""Of the request that is being answered; threads that work for it have it too."""

CONSOLE = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
FIELDS = ("asctime", "levelname", "name", "request_id", "message")


def configure(level: str, kind: Literal["console", "json"]) -> None:
    """Let everything that is logged, and Python's warnings, go to stderr, a line each."""
    logging.captureWarnings(capture=True)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Console(CONSOLE) if kind == "console" else _json())
    handler.addFilter(_with_request_id)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _json() -> logging.Formatter:
    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    return JsonFormatter(list(FIELDS), rename_fields=names, defaults=None)


def _with_request_id(record: logging.LogRecord) -> bool:
    record.request_id = REQUEST_ID.get()
    return True


class _Console(logging.Formatter):
    """With what JSON has as members of their own behind the message."""

    KNOWN = frozenset((*vars(logging.makeLogRecord({})), "request_id", "message", "asctime", "color_message"))

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        more = {name: value for name, value in vars(record).items() if name not in self.KNOWN}
        return " ".join((line, *(f"{name}={value}" for name, value in more.items())))
