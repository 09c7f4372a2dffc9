"""Many rows at once: one loader with a branch per engine, so that no other code needs one."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from itertools import chain, islice
from typing import Any, TypeVar

from sqlalchemy import FromClause, text
from sqlalchemy.orm import Session

T = TypeVar("T")

_FEW = 100  # rows up to which one INSERT is quicker than a COPY


def in_chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows, ``size`` at a time."""
    each = iter(rows)
    while chunk := list(islice(each, size)):
        yield chunk


@contextmanager
def many_rows() -> Iterator[None]:
    """An act on many rows, with Python's search for circular garbage put off until its end.

    Rows hold no circles, and looking through them again and again takes a quarter of an import's time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def stored_moment(session: Session, moment: datetime) -> Any:
    """A moment as the engine's driver keeps it, worked out once for all the rows of an act."""
    is_sqlite = isinstance(_driver(session), sqlite3.Connection)
    return sqlite3.adapt(moment, sqlite3.PrepareProtocol) if is_sqlite else moment


def load(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows, given as tuples in the order of ``columns``: COPY on PostgreSQL, one prepared statement on SQLite.

    Values go to the driver as they are: enums and moments must already be what the column holds, JSON its text.
    """
    listed = ", ".join(columns)
    driver = _driver(session)
    if isinstance(driver, sqlite3.Connection):
        marks = ", ".join("?" * len(columns))
        driver.executemany(f"INSERT INTO {table} ({listed}) VALUES ({marks})", rows)
        return
    each = iter(rows)
    few = list(islice(each, _FEW + 1))
    if not few:
        return
    with driver.cursor() as cursor:
        if len(few) <= _FEW:
            cursor.execute(f"INSERT INTO {table} ({listed}) VALUES {_marks(few)}", [value for row in few for value in row])
            return
        with cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
            for row in chain(few, each):
                copy.write_row(row)


def _marks(rows: Sequence[Sequence[Any]]) -> str:
    one = "(" + ", ".join(["%s"] * len(rows[0])) + ")"
    return ", ".join([one] * len(rows))


def add_up(
    session: Session, table: FromClause, key: Sequence[str], numbers: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Add numbers onto the rows of their keys, making those that are not there yet.

    Rows are tuples of the key's columns and then the numbers, one for each key. They are taken in the key's order, so that
    two writers who meet wait for one another instead of for ever.
    """
    if not rows:
        return
    rows = sorted(rows, key=tuple)
    name = str(table)
    columns = [*key, *numbers]
    listed = ", ".join(columns)
    sums = ", ".join(f"{column} = {name}.{column} + excluded.{column}" for column in numbers)
    conflict = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sums}"
    driver = _driver(session)
    if isinstance(driver, sqlite3.Connection):
        marks = ", ".join("?" * len(columns))
        driver.executemany(f"INSERT INTO {name} ({listed}) VALUES ({marks}) {conflict}", rows)
    elif len(rows) <= 200:
        with driver.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {name} ({listed}) VALUES {_marks(rows)} {conflict}", [value for row in rows for value in row]
            )
    else:
        session.execute(text(f"CREATE TEMP TABLE adding (LIKE {name}) ON COMMIT DROP"))
        load(session, "adding", columns, rows)
        session.execute(
            text(f"INSERT INTO {name} ({listed}) SELECT {listed} FROM adding ORDER BY {', '.join(key)} {conflict}")
        )
        session.execute(text("DROP TABLE adding"))


def read_rows(session: Session, sql: str, values: Sequence[Any] = (), *, cursor_name: str = "") -> Iterator[tuple[Any, ...]]:
    """Rows straight from the driver, for reads of hundreds of thousands. ``sql`` marks its values with ``?``.

    Args:
        cursor_name: keep the rows in the server and fetch them as they are asked for, under this name.
    """
    driver = _driver(session)
    if isinstance(driver, sqlite3.Connection):
        yield from driver.execute(sql, values)
        return
    with driver.cursor(cursor_name) if cursor_name else driver.cursor() as cursor:
        cursor.execute(sql.replace("?", "%s"), values)
        while rows := cursor.fetchmany(20_000):
            yield from rows


def read_together(session: Session, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[list[tuple[Any, ...]]]:
    """The rows of several queries, all of them asked before any is answered: one way to the server and back."""
    driver = _driver(session)
    if isinstance(driver, sqlite3.Connection):
        return [driver.execute(sql, values).fetchall() for sql, values in asked]
    with driver.pipeline():
        cursors = [driver.execute(sql.replace("?", "%s"), values) for sql, values in asked]
        return [cursor.fetchall() for cursor in cursors]


def replace_rows(
    session: Session, table: str, member_ids: Sequence[int], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Put rows in the place of all that these members have in a derived table."""
    driver = _driver(session)
    is_few = len(rows) <= _FEW and not isinstance(driver, sqlite3.Connection)
    with driver.pipeline() if is_few and member_ids else nullcontext():  # COPY cannot be sent along with another
        if member_ids:
            listed = ", ".join(str(int(each)) for each in member_ids)
            driver.execute(f"DELETE FROM {table} WHERE member_id IN ({listed})").close()
        load(session, table, columns, rows)


def _driver(session: Session) -> Any:
    """The driver's own connection, inside the session's transaction."""
    session.flush()
    return session.connection().connection.driver_connection
