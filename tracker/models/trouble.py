"""What went wrong between the program and its database, in words. Judged by SQLSTATE, never by a constraint's name."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError


def in_words(error: DBAPIError) -> str | None:
    """What a person should know and do; None for a fault of the program itself."""
    state = getattr(error.orig, "sqlstate", None)
    said = str(error.orig).splitlines()[0] if str(error.orig) else ""
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
    if error.connection_invalidated or (state or "").startswith(("08", "57P")) or _never_connected(error):
        return f"The database cannot be reached: {said}"
    return None


def _never_connected(error: DBAPIError) -> bool:
    """A connection that was refused has no SQLSTATE."""
    return type(error.orig).__module__.startswith("psycopg") and getattr(error.orig, "sqlstate", None) is None
