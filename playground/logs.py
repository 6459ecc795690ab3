"""Logs: one record a line, as data or, in a terminal, to be read; without a word of any story."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

LEVELS = ("debug", "info", "warning", "error")
OWN = ("playground", "story_engine")
SERVER = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "uvicorn.access")
KNOWN = {*vars(logging.makeLogRecord({})), "message", "asctime"}


class DataFormatter(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, and what was given as `extra`.

    Others' messages are written without their values, and an error without its words, since a story may stand in either.
    """

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.describe(record), ensure_ascii=False, default=str)

    def describe(self, record: logging.LogRecord) -> dict[str, Any]:
        is_own = record.name.split(".")[0] in OWN
        data: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if is_own else str(record.msg).strip().splitlines()[0] if record.msg else "",
        }
        if is_own:
            data |= {name: value for name, value in vars(record).items() if name not in KNOWN}
        if record.exc_info and record.exc_info[0] is not None:
            data["error"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])
            data["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return data


class PlainFormatter(DataFormatter):
    """The same to be read: the message, then names and values."""

    def format(self, record: logging.LogRecord) -> str:
        data = self.describe(record)
        rest = "".join(f" {name}={value}" for name, value in data.items() if name not in ("time", "level", "logger", "message"))
        return f"{data['level']}: {data['message']}{rest}"


def set_up_logs(level: str, stream: TextIO | None = None) -> None:
    """Write our records from `level`, and others' warnings, to `stream` (the standard error stream)."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlainFormatter() if stream.isatty() else DataFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in OWN:
        logging.getLogger(name).setLevel(level.upper())


def join_server_logs() -> None:
    """Have the web server's records written as ours are; to be called once it runs, since it sets up its own."""
    for name in SERVER:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
