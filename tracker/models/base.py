"""What every table stands on: the base class, its types, the mixin of the four facts, and how a write begins."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any

import psycopg
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    event,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tracker.curriculum.refused import Refused
from tracker.curriculum.words import Assurance
from tracker.language import _
from tracker.models.replica import BIND, has_written, note_written, read_primary, reads_replica
from tracker.models.trouble import is_undone

# Writers share this advisory lock; an import, a rebuild and `doctor` hold it alone (PostgreSQL; SQLite has one writer).
_WRITERS = 7_421_100
_ONLY_ONE = 7_421_101


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Moment(TypeDecorator[datetime]):
    """A moment, always UTC: ``timestamptz`` on PostgreSQL, ISO text on SQLite, an aware ``datetime`` in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a moment needs its zone: {value!r}")
        if value is not None and dialect.name == "sqlite":
            return value.astimezone(UTC).replace(tzinfo=None)
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AssuranceType(TypeDecorator[Assurance]):
    """An :class:`Assurance`, kept as its small number so that a floor is ``>=`` in SQL too."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: Assurance | int | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Assurance | None:
        return None if value is None else Assurance(value)


class Word(TypeDecorator[StrEnum]):
    """A ``StrEnum`` kept as its text."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum], length: int = 20) -> None:
        super().__init__(length)
        self.kind = kind

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.kind(value)


Id = Annotated[int, mapped_column(BigInteger, primary_key=True, autoincrement=False)]


class RoutedSession(FlaskSession):
    """A session that asks the replica for as long as it is told to, and can always be given back."""

    def close(self) -> None:
        """End it. A connection that went meanwhile is dropped, for all it had is taken back by then: an answer that is ready
        is not lost for it, nor is the session left for whoever comes next."""
        try:
            super().close()
        except DBAPIError:
            self.invalidate()

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **more: Any) -> Any:
        if bind is None and reads_replica(self):
            return self._db.engines[BIND]
        return super().get_bind(mapper=mapper, clause=clause, bind=bind, **more)


db = SQLAlchemy(model_class=Base, session_options={"class_": RoutedSession, "expire_on_commit": False})


class Fact:
    """What we knew, and when: shared by membership, assignment, exemption and completion.

    A fact is never edited or deleted. A correction voids it and records another, so "as we knew it on that day" is the facts
    recorded by then and not voided by then. ``recorded_by`` is a user's id; None is the operator at the command line.
    ``voided_batch_id`` is the import that voided the fact: another corrected it, or its own was undone. It is plain: the
    largest tables would have to be checked for it.
    """

    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    batch_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("batch.id"), index=True)
    voided_at: Mapped[datetime | None] = mapped_column(Moment)
    voided_by: Mapped[int | None] = mapped_column(BigInteger)
    void_reason: Mapped[str | None] = mapped_column(Text)
    voided_batch_id: Mapped[int | None] = mapped_column(BigInteger)


def unique_while_valid(name: str, *columns: str, also: str = "") -> Index:
    """A fact's key: unique among the facts that are not voided (and where ``also`` holds)."""
    valid = text("voided_at IS NULL" + (f" AND {also}" if also else ""))
    return Index(name, *columns, unique=True, sqlite_where=valid, postgresql_where=valid)


sqlite3.register_adapter(date, date.isoformat)
sqlite3.register_adapter(datetime, lambda moment: moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"))


@event.listens_for(Engine, "connect")
def _open_sqlite(connection: Any, _record: Any) -> None:
    """SQLite as it must be opened: the program begins its transactions itself, and a commit survives a power cut."""
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "synchronous=FULL",
        "cache_size=-16384",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """A write takes SQLite's lock at its beginning, for a read that turns into a write may lose an update."""
    if connection.dialect.name == "sqlite":
        options = connection.get_execution_options()
        if options.get("writes", False):
            connection.exec_driver_sql(f"PRAGMA busy_timeout={int(options.get('patience', PATIENCE) * 1_000)}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")


PATIENCE = 5.0  # seconds a person's form waits for its turn
IMPORTS_PATIENCE = 3_600.0  # an import waits for the one before it
_COMMITS = "has begun to commit"  # in a session's own notes
_asked_first: list[Callable[[Session], None]] = []


class Busy(Refused):
    """Someone else holds the writers off, and nothing was written: the same act succeeds a little later."""

    def __init__(self) -> None:
        super().__init__(
            "busy",
            _(
                "Others are writing at this moment, such as an import being recorded. Nothing of yours was saved: "
                "try again in a minute."
            ),
        )


def ask_first(question: Callable[[Session], None]) -> None:
    """Let a door ask something whenever the turn of a write has come, before the rest of it: whoever waited for it may have
    lost the right to it meanwhile. What it raises takes the write back. It stays for as long as the process."""
    if question not in _asked_first:
        _asked_first.append(question)


@contextmanager
def writing(*, alone: bool = False, patience: float = PATIENCE) -> Iterator[Session]:
    """One transaction that writes, for a door: commits at the end, rolls back when anything is raised.

    Args:
        alone: hold off every other writer until the end, as an import and a rebuild must.
        patience: seconds to wait for one's turn.

    Raises:
        Busy: the turn did not come in time.
    """
    session = db.session()
    session.rollback()  # a read transaction left open would see old rows, and on SQLite could not become a write
    read_primary(session)
    with one_transaction(session, alone=alone, patience=patience):
        for question in _asked_first:
            question(session)
        yield session


@contextmanager
def one_transaction(session: Session, *, alone: bool, patience: float) -> Iterator[None]:
    """What :func:`writing` does, in a session in which nothing was begun."""
    try:
        connection = session.connection(execution_options={"writes": True, "patience": patience})
        if connection.dialect.name == "postgresql":
            lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
            connection.execute(
                text(f"SELECT set_config('lock_timeout', :patience, true), {lock}(:key)"),
                {"patience": f"{int(patience * 1_000)}ms", "key": _WRITERS},
            )
        yield
        session.flush()
        session.info[_COMMITS] = True
        session.commit()
        note_written(session)
    except (DBAPIError, sqlite3.OperationalError, psycopg.OperationalError) as error:
        if is_undone(error) and not has_written(session):
            session.info.pop(_COMMITS, None)
        session.rollback()
        if _is_held_off(error):
            raise Busy from error
        raise
    except BaseException:
        session.rollback()
        raise


def may_be_done_again(session: Session) -> bool:
    """Whether nothing of this session was committed, nor may have been: then all it did can be done anew, from the start."""
    return not session.info.get(_COMMITS)


def _is_held_off(error: Exception) -> bool:
    """Whether a lock could not be had in time, by the engine's own code for it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return cause.sqlite_errorname in ("SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT")
    return isinstance(cause, psycopg.errors.LockNotAvailable)


def lock_member(session: Session, member_id: int) -> None:
    """Let no other writer change this member's facts until the end of the transaction."""
    for sql, values in member_lock(session, member_id):
        session.connection().exec_driver_sql(sql.replace("?", "%s"), values)


def member_lock(session: Session, member_id: int) -> list[tuple[str, tuple[int]]]:
    """:func:`lock_member` as queries, to be asked together with what is read next; none where the engine needs none."""
    if session.get_bind().dialect.name == "sqlite":
        return []  # it has one writer
    return [("SELECT 1 FROM member WHERE member_id = ? FOR UPDATE", (member_id,))]


def only_one(session: Session) -> bool:
    """Whether this writer is the one of those at work who may do what only one does at a time. It never waits."""
    if session.get_bind().dialect.name == "sqlite":
        return True  # it has one writer
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _ONLY_ONE}))


@contextmanager
def trying(dry_run: bool, *, alone: bool = True, patience: float = PATIENCE) -> Iterator[Session]:
    """A write that is kept, or only tried: the same act, rolled back at the end."""
    try:
        with writing(alone=alone, patience=patience) as session:
            yield session
            if dry_run:
                raise _OnlyTried
    except _OnlyTried:
        pass


class _OnlyTried(Exception):
    """Rolls a trial back."""
