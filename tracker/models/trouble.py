"""What went wrong between the program and its database, in words. Judged by SQLSTATE, never by a constraint's name."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError

# What the database may raise: through SQLAlchemy, or from the driver itself where rows are many.
DATABASE_ERRORS = (DBAPIError, sqlite3.Error, psycopg.Error)


def in_words(error: Exception) -> str | None:
    """What a person should know and do; None for a fault of the program itself."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    said = str(cause).splitlines()[0] if str(cause) else ""
    if state in ("42P01", "42703") or said.startswith(("no such table", "no such column")):
        return "The database does not have this program's schema: run `tracker db upgrade`."
    if said in ("database is locked", "database table is locked"):
        return "Another command is writing: try again when it has ended."
    if said.startswith(("attempt to write a readonly database", "unable to open database file")):
        return f"The database file cannot be written or opened: {said}."
    if said.startswith(("file is not a database", "database disk image is malformed")):
        return f"The database file is damaged or no SQLite database: {said}."
    if said.startswith("database or disk is full") or state == "53100":
        return "The disk is full: nothing was written."
    if getattr(error, "connection_invalidated", False) or (state or "").startswith(("08", "57P")) or _never_connected(cause):
        return f"The database cannot be reached: {said}"
    return None


def _never_connected(cause: BaseException | None) -> bool:
    """A connection that was refused has no SQLSTATE."""
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
