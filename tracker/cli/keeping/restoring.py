"""Bringing a backup back: into an empty place, whole or not at all.

Nothing is written before every byte is checked. The files are laid out in a folder of their own and moved into place; the
database comes last, in one step. Until it is there, nothing looks as if it could be used. Whom to erase anew stands in the
files by then, so that nobody is forgotten whatever ends the restore; they are taken away again only where the database is
known to have taken nothing. The folder stays, with what is to be noted of the restore, until that and erasing is done.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tracker.cli.keeping import databases
from tracker.cli.keeping.archive import Backup, Entry, damaged, newer
from tracker.cli.keeping.databases import Clients, is_ours, refuse_damaged, sqlite_tables, told_by, unpack
from tracker.cli.keeping.instance import KEPT, clear, filled
from tracker.cli.keeping.taking import asking, is_held, server_version
from tracker.coverage.checks import Finding
from tracker.models import AuditEntry
from tracker.operations.actor import OPERATOR
from tracker.operations.audit import audit
from tracker.operations.erasing import add_lines, erasures_file
from tracker.operations.lasting_files import settle, write_synced
from tracker.operations.refused import Refused

_OF_THE_PLACE = {"alembic_version", "errand"}  # what any new installation has rows of
_NOTE = "restore.json"  # in the folder of a restore on its way: what the trail is to say of it
_ACTION = "restore_backup"
_PATIENCE = 10.0  # seconds for a session of a process that has just ended
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL"  # null: the server's own
)
_NOTHING = "Nothing was restored."
_UNKNOWN = "Whether the database took it is not known, so its files stay. Run it again: it says what to do."


@dataclass(frozen=True)
class Place:
    """Where a backup is brought back to.

    Args:
        upgrade: brings a database at an address to the newest schema.
        undo: takes an empty database back to no schema at all.
    """

    engine: Engine
    instance: Path
    clients: Clients
    revisions: frozenset[str]  # all schemas that this program knows
    upgrade: Callable[[str], None]
    undo: Callable[[], None]


@contextmanager
def opened_backup(file: Path) -> Iterator[Backup]:
    """A backup, every byte of it checked.

    Raises:
        Refused: ``unreadable_file``, and what :class:`Backup` and :meth:`Backup.check` raise.
    """
    try:
        stream: BinaryIO = file.open("rb")
    except OSError as error:
        raise Refused("unreadable_file", f"{file} cannot be read: {error.strerror}.") from None
    with stream:
        backup = Backup(stream)
        backup.check()
        yield backup


@contextmanager
def only_restore(place: Place) -> Iterator[None]:
    """Hold off every other restore into this folder or this embedded database, of which each would take what the other has
    laid out for what a dead one left.

    Raises:
        Refused: ``restore_running``, ``not_restored``.
    """
    files = [place.instance / "restoring.lock"]
    if place.engine.dialect.name == "sqlite":
        files.append(Path(f"{place.engine.url.database}.restoring.lock"))
    with ExitStack() as held:
        try:
            place.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
            for file in files:
                lock = held.enter_context(os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b"))
                if not is_held(lock, file):
                    raise Refused("restore_running", f"Another restore is on its way (it holds {file}): wait for it.")
                held.callback(file.unlink, missing_ok=True)
        except OSError as error:
            raise Refused("not_restored", f"{error.filename}: {error.strerror}. {_NOTHING}") from error
        yield


def restore(backup: Backup, place: Place, erasures: Iterable[str] = ()) -> None:
    """Bring everything back; :func:`note_restore` and :func:`end_restore` are to follow. Needs :func:`only_restore`.

    Args:
        erasures: newer lines, to be kept with those of the backup.

    Raises:
        Refused: ``newer_backup``, ``other_engine``, ``not_empty``, ``in_use``, ``not_restored``, and what the database
            raises. The place is as empty as before then, save where the words say otherwise.
    """
    its_database = _refuse_unfit(backup, place)
    refuse_unless_empty(place)
    restoring, stays = _restoring(place.instance), False
    try:
        shutil.rmtree(restoring, ignore_errors=True)  # of one that died before it was ready
        restoring.mkdir(mode=0o700, parents=True)
        write_synced(restoring / _NOTE, json.dumps(noted_of(backup)).encode())
        _lay_out(backup, restoring)
        add_lines(erasures_file(restoring), erasures)
        load = _sqlite if place.engine.dialect.name == "sqlite" else _postgresql
        with load(backup, its_database, place) as put_in_place:
            try:
                _move(restoring, place.instance)
                _refuse_lost_files(backup, place.instance)
                stays = True  # from here on it may be there, whatever is heard of it
                put_in_place()
            except BaseException as error:
                if not stays or _is_untouched(place):
                    clear(place.instance)
                    stays = False
                if isinstance(error, Refused) and error.code == "pg_client_failed":
                    faults = [*error.faults, _UNKNOWN if stays else _NOTHING]
                    raise Refused(error.code, error.message, faults=faults) from error
                raise
    except OSError as error:
        where = error.filename or place.instance
        raise Refused("not_restored", f"{where}: {error.strerror}. {_UNKNOWN if stays else _NOTHING}") from error
    finally:
        if not stays:
            shutil.rmtree(restoring, ignore_errors=True)


def noted_of(backup: Backup) -> dict[str, Any]:
    """What the trail says of a restore."""
    return {"taken_at": backup.about.get("taken_at"), "manifest": backup.sha256, "schema": backup.about.get("schema")}


def note_restore(session: Session, noted: Mapping[str, Any], now: datetime) -> None:
    """Keep in the trail that a backup was restored; once, for no backup holds an entry of its own restore."""
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == _ACTION))
    if not any((each.detail or {}).get("manifest") == noted["manifest"] for each in entries):
        audit(session, OPERATOR, _ACTION, object_kind="backup", detail=dict(noted), at=now)


def unended_restore(session: Session, instance: Path) -> dict[str, Any] | None:
    """What is to be noted of a restore that brought its database and ended before it was noted; None if there is none."""
    try:
        noted: dict[str, Any] = json.loads((_restoring(instance) / _NOTE).read_text("utf-8"))
        taken_at, _ = datetime.fromisoformat(noted["taken_at"]), noted["manifest"]
        first = session.scalar(select(func.min(AuditEntry.at)))
        # else its database never came, and another union was founded here since
        return noted if first and first <= taken_at else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def examine_restore(session: Session, instance: Path) -> Iterator[Finding]:
    """Whether a restore ended before all was done."""
    if noted := unended_restore(session, instance):
        yield Finding(
            True,
            f"the restore of the backup taken at {noted['taken_at']} ended before it was noted in the trail: "
            "`tracker doctor --fix` notes it",
        )


def end_restore(instance: Path) -> None:
    """Everything is done, those erased anew too."""
    shutil.rmtree(_restoring(instance), ignore_errors=True)


def _restoring(instance: Path) -> Path:
    return instance / "restoring"


def _refuse_unfit(backup: Backup, place: Place) -> Entry:
    engine = place.engine.dialect.name
    if backup.about.get("engine") != engine:
        raise Refused(
            "other_engine",
            f"It was taken on {backup.about.get('engine')}, and DATABASE_URL names a {engine} database. Name an empty "
            "one of the same kind.",
        )
    if str(backup.about.get("schema")) not in place.revisions:
        raise newer()
    wanted = databases.SQLITE if engine == "sqlite" else databases.POSTGRESQL
    found = None
    for entry in backup.entries():
        parts = entry.name.split("/")
        if entry.name == wanted and found is None:
            found = entry
        elif parts[0] not in KEPT:
            raise damaged(entry.name, "no backup holds such a file")
    if found is None:
        raise damaged(wanted, "it is missing")
    return found


def _with_rows(place: Place) -> list[str]:
    """The tables that have any row, but for those of any new installation."""
    with place.engine.connect() as connection:
        names = [name for name in inspect(connection).get_table_names() if is_ours(name) and name not in _OF_THE_PLACE]
        return [name for name in names if connection.exec_driver_sql(f'SELECT 1 FROM "{name}" LIMIT 1').first()]


def _is_in_use(place: Place) -> bool:
    """Whether anybody else is connected to the database of a server: a restore on its way shows nothing until it commits.
    Of an embedded one its log tells."""
    if place.engine.dialect.name == "sqlite":
        return False
    place.engine.dispose()  # what this process itself had open
    until = time.monotonic() + _PATIENCE
    while True:
        with place.engine.connect() as connection:
            if not connection.scalar(_OTHERS):
                return False
        if time.monotonic() > until:
            return True
        time.sleep(0.1)


def _is_untouched(place: Place) -> bool:
    """Whether it is certain that the database took nothing."""
    try:
        return not (_is_in_use(place) or _with_rows(place))
    except SQLAlchemyError:
        return False


def refuse_unless_empty(place: Place) -> None:
    """Raises:
    Refused: ``not_empty``, where any table has a row or the instance folder holds what a backup would bring; ``in_use``,
        where somebody else is connected to the database of a server.
    """
    has_rows = _with_rows(place)
    if not has_rows:
        if _is_in_use(place):
            raise Refused(
                "in_use",
                f"The database {place.engine.url.database} is open in another process: stop the servers and the worker, "
                "and wait for an earlier restore to end. `SELECT * FROM pg_stat_activity` shows who it is.",
            )
        has_rows = _with_rows(place)  # whoever has just gone may have brought them
    is_left = _restoring(place.instance).exists()
    if has_rows:
        named = ", ".join(has_rows[:3]) + (" …" if len(has_rows) > 3 else "")
        raise Refused(
            "not_empty",
            f"The database is not empty ({named}): a backup is restored into an empty place only. "
            + (
                "An earlier restore ended before all was done: run `tracker db upgrade` and `tracker doctor --fix`, which "
                "erases anew whoever it brought back; or name a new database."
                if is_left
                else "Name a new database."
            ),
        )
    if files := filled(place.instance):
        raise Refused(
            "not_empty",
            f"{place.instance} is not empty ({', '.join(files)}): a backup is restored into an empty place only. "
            + (
                "An earlier restore ended there in the middle: remove these, and run it again."
                if is_left
                else "Name another folder in TRACKER_INSTANCE, or move these away; newer erasures are given by --erasures."
            ),
        )


def _lay_out(backup: Backup, restoring: Path) -> None:
    for entry in backup.entries():
        if entry.name in (databases.SQLITE, databases.POSTGRESQL):
            continue
        file = restoring / entry.name
        for folder in reversed([each for each in file.parents if restoring in each.parents]):
            folder.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for chunk in backup.content(entry):
                out.write(chunk)
    os.sync()  # all of them at once, before any row can name them


def _move(restoring: Path, instance: Path) -> None:
    clear(instance)  # empty folders
    for name in KEPT:
        if (restoring / name).exists():
            (restoring / name).rename(instance / name)
    settle(instance)


def _refuse_lost_files(backup: Backup, instance: Path) -> None:
    """Raises:
    Refused: ``not_restored``, where another process has taken a file away meanwhile.
    """
    names = (each.name for each in backup.entries() if each.name not in (databases.SQLITE, databases.POSTGRESQL))
    if lost := [name for name in names if not (instance / name).is_file()]:
        raise Refused("not_restored", f"{len(lost):,} files are gone again, such as {instance / lost[0]}. {_NOTHING}")


@contextmanager
def _sqlite(backup: Backup, entry: Entry, place: Place) -> Iterator[Callable[[], None]]:
    """The database beside its place, at the newest schema; the last step gives it its name."""
    target = Path(str(place.engine.url.database))
    beside = target.with_name(f"{target.name}.restoring")
    place.engine.dispose()
    if target.with_name(f"{target.name}-wal").exists():
        raise Refused("in_use", f"{target} is open in another process: stop the servers and the worker first.")
    try:
        unpack(backup.content(entry), beside)
        with closing(sqlite3.connect(beside)) as database:
            refuse_damaged(database, beside)
            ask = _asking(database)
            _refuse_other_rows(backup, told_by(ask, sqlite_tables(ask))["rows"])
        place.upgrade(f"sqlite:///{beside}")

        def finish() -> None:
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            beside.replace(target)
            settle(target.parent)

        yield finish
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            beside.with_name(beside.name + suffix).unlink(missing_ok=True)


def _asking(database: sqlite3.Connection) -> databases.Ask:
    return lambda sql: database.execute(sql).fetchall()


@contextmanager
def _postgresql(backup: Backup, entry: Entry, place: Place) -> Iterator[Callable[[], None]]:
    """The empty database without tables; the step brings everything in one transaction. Its newest schema follows."""
    url = place.engine.url
    with place.engine.connect() as connection:
        server, is_founded = server_version(connection), inspect(connection).has_table("alembic_version")
    place.clients.program("pg_restore", server)
    if is_founded:
        place.undo()
    yield lambda: place.clients.restore(url, backup.content(entry), server)
    with place.engine.connect() as connection:
        names = filter(is_ours, inspect(connection).get_table_names())
        _refuse_other_rows(backup, told_by(asking(connection), names)["rows"])
    place.upgrade(url.render_as_string(hide_password=False))
    with place.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))  # else the first pages are read without knowing how large the tables are


def _refuse_other_rows(backup: Backup, rows: dict[str, int]) -> None:
    told = backup.about.get("rows")
    said = told if isinstance(told, dict) else {}
    if rows != said:
        other = sorted(name for name in {*rows, *said} if rows.get(name) != said.get(name))
        raise Refused(
            "not_restored",
            f"The database does not hold the rows that were kept (see {', '.join(other[:3])}): do not use it. Empty the "
            "place, and restore another backup.",
        )
