"""What went wrong between the program and its database, in words. Judged by SQLSTATE, never by a constraint's name."""

from __future__ import annotations

import errno
import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError

# What the database may raise: through SQLAlchemy, or from the driver itself where rows are many.
DATABASE_ERRORS = (DBAPIError, sqlite3.Error, psycopg.Error)

_UNDONE = frozenset({"40001", "40P01"})  # it could not be put in order with others; two waited for each other
_NOT_UNIQUE = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
_HELD_OFF = ("SQLITE_BUSY", "SQLITE_LOCKED")
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_passing(error: BaseException) -> bool:
    """Whether the same act, done again from its start, may well succeed: the connection went, the server is being restarted,
    or the transaction met another. Whether the commit had begun it does not say: `models.may_be_done_again` does.
    """
    state = _sqlstate(error)
    if state.startswith(("08", "40", "57P0")) or getattr(error, "connection_invalidated", False):
        return True
    cause = _cause(error)
    return _never_connected(cause) or _sqlite_name(cause).startswith(_HELD_OFF)


def is_undone(error: BaseException) -> bool:
    """Whether the server itself took the transaction back because of another, even at its COMMIT: nothing of it stays."""
    return _sqlstate(error) in _UNDONE


def is_not_unique(error: BaseException) -> bool:
    """Whether what was to be recorded stands there already: done again, the act finds it."""
    return _sqlstate(error) == "23505" or _sqlite_name(_cause(error)) in _NOT_UNIQUE


def is_full(error: BaseException) -> bool:
    """Whether a disk takes nothing more: the database's, or that of a file of ours."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    return _sqlstate(error) == "53100" or _sqlite_name(_cause(error)) == "SQLITE_FULL"


def _cause(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _sqlstate(error: BaseException) -> str:
    return getattr(_cause(error), "sqlstate", None) or ""


def _sqlite_name(cause: BaseException | None) -> str:
    return getattr(cause, "sqlite_errorname", None) or ""


def in_words(error: Exception) -> str | None:
    """What a person should know and do; None for a fault of the program itself."""
    cause, state = _cause(error), _sqlstate(error)
    said = str(cause).splitlines()[0] if str(cause) else ""
    if state in ("42P01", "42703") or said.startswith(("no such table", "no such column")):
        return "The database does not have this program's schema: run `tracker db upgrade`."
    if said in ("database is locked", "database table is locked"):
        return "Another command is writing: try again when it has ended."
    if said.startswith(("attempt to write a readonly database", "unable to open database file", "disk I/O error")):
        return f"The database file cannot be written or opened: {said}."
    if said.startswith(("file is not a database", "database disk image is malformed")):
        return f"The database file is damaged or no SQLite database: {said}."
    if is_full(error):
        return "The disk is full: nothing was written. Make room, then try again."
    if state.startswith("40"):
        return "Another command wrote the same at that moment, and nothing of this one was written: try again."
    if getattr(error, "connection_invalidated", False) or state.startswith(("08", "57P")) or _never_connected(cause):
        return f"The database cannot be reached: {said}"
    return None


def _never_connected(cause: BaseException | None) -> bool:
    """A connection that was refused has no SQLSTATE."""
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
