"""What is written down for whoever runs the server: a line a record, as JSON or to be read, on the standard error.

It names nobody. Of a request stands the rule of its page, not its address; of a failure where it happened, and only such
messages as hold none of anybody's data: a database's own words repeat the row that it refused. Nothing that came from
outside can end a line and begin one of its own.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
import sys
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import psycopg
from flask import Flask
from flask.logging import default_handler
from jinja2 import TemplateError
from sqlalchemy.exc import DBAPIError

from tracker.config import Settings
from tracker.intake.processes import REQUEST
from tracker.web.watching import watched

# What these say is about the program, never about a person.
_TOLD = (TypeError, AttributeError, NameError, ImportError, NotImplementedError, RecursionError, TemplateError)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_ADDRESS = re.compile(r"[^\s@<>'\"()]+@[^\s@<>'\"()]+")
_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9A-Fa-f]{1,4}:){3,7}[0-9A-Fa-f]{0,4}\b")
_log = logging.getLogger(__name__)


def keep_quiet(app: Flask) -> None:
    """Let no line of this application hold an address, and write lines as the settings say once a process asks for it."""
    app.log_exception = _tell_failure  # type: ignore[method-assign, assignment]
    app.extensions["logs"] = lambda: write_lines(app)


def write_lines(app: Flask) -> None:
    """Write this process's log: what a server, a worker and a job do first."""
    settings: Settings = app.config["SETTINGS"]
    app.logger.removeHandler(default_handler)
    root = logging.getLogger()
    ours = next((each for each in root.handlers if isinstance(each, _Handler)), None)
    if ours is None:
        ours = _Handler()
        root.addHandler(ours)
    ours.setFormatter(JsonLines() if settings.log_format == "json" else PlainLines())
    for server in logging.getLogger("gunicorn.error").handlers:
        server.setFormatter(ours.formatter)
    logging.getLogger("tracker").setLevel(logging.INFO)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a request that waits its turn is no news


def _tell_failure(error: Any) -> None:
    _log.error("a request failed", exc_info=error)


class _Handler(logging.StreamHandler[TextIO]):
    """To the standard error as it is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        """It has no other."""


class _Lines(logging.Formatter):
    """What both ways of writing a record share."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 — the library's name
        return "\n".join(failure_lines(ei[1]))

    def message_of(self, record: logging.LogRecord) -> str:
        """Ours whole, save what looks like an address; of other libraries the words without what they were about, and of the
        server the numbers: of its processes."""
        library = record.name.split(".")[0]
        if library == "tracker":
            return without_addresses(record.getMessage())
        return without_addresses(_with_numbers(record) if library == "gunicorn" else str(record.msg))

    def facts_of(self, record: logging.LogRecord) -> dict[str, Any]:
        """What is known of the request or the job that the record is about."""
        found = watched()
        if found is None:
            began_by = os.environ.get(REQUEST, "")
            return {"request": began_by} if began_by else {}
        facts: dict[str, Any] = {"request": found.id, "method": found.method, "route": found.rule or None}
        if getattr(record, "is_access", False):
            facts |= {"status": found.status, "ms": round(found.seconds * 1_000), "bytes": found.size, "user": found.user_id}
        return facts

    def time_of(self, record: logging.LogRecord) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JsonLines(_Lines):
    """A record as one line of JSON, in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": self.time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message_of(record),
            "process": record.process,
            **self.facts_of(record),
        }
        if record.exc_info and record.exc_info[1]:
            said["failure"] = list(failure_lines(record.exc_info[1]))
        return json.dumps(said, default=str)


class PlainLines(_Lines):
    """A record to be read: its line begins with the time, and those of a failure with spaces."""

    def format(self, record: logging.LogRecord) -> str:
        facts = [f"{name}={value}" for name, value in self.facts_of(record).items() if value is not None]
        first = " ".join([self.time_of(record), record.levelname.lower(), record.name, self.message_of(record), *facts])
        lines = failure_lines(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ()
        return "\n".join([_on_one_line(first), *(f"    {_on_one_line(each)}" for each in lines)])


def _with_numbers(record: logging.LogRecord) -> str:
    """A message with the numbers that belong into it. Its words may be an address that was asked for."""
    told, given = str(record.msg), record.args
    try:
        if isinstance(given, Mapping):
            return told % {name: _only_number(each) for name, each in given.items()}
        return told % tuple(map(_only_number, given)) if given else told
    except (TypeError, ValueError, KeyError):
        return told


def _only_number(value: object) -> object:
    return value if isinstance(value, (int, float)) else "…"


def without_addresses(words: str) -> str:
    """The words, with whatever looks like an address of a person or a machine left out."""
    return _IP.sub("[address]", _ADDRESS.sub("[address]", words))


def failure_lines(error: BaseException) -> Iterator[str]:
    """Where something went wrong, and what, the first cause first. Without the messages that repeat data."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        yield from failure_lines(earlier)
        yield "which led to:"
    yield from _frames(error.__traceback__)
    kind = type(error)
    told = _told_of(error)
    yield f"{kind.__module__}.{kind.__qualname__}" + (f": {without_addresses(told)}" if told else "")


def _frames(where: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(where):
        yield f"{frame.filename}:{frame.lineno} {frame.name}: {frame.line or ''}"


def _told_of(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.Error):
        diag = cause.diag
        named = (cause.sqlstate, diag.table_name, diag.column_name, diag.constraint_name)
        return " ".join(each for each in named if each)
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "")
        return f"{name} {cause}" if isinstance(cause, (sqlite3.IntegrityError, sqlite3.OperationalError)) else name
    if isinstance(error, OSError):
        return f"{error.errno} {error.strerror}" if error.errno else ""
    return str(error) if isinstance(error, _TOLD) else ""


def _on_one_line(words: str) -> str:
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), words)
