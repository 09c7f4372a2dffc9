"""Bringing a backup back: into an empty place, whole or not at all.

Nothing is written before every byte is checked. The files are laid out in a folder of their own and moved into place; the
database comes last, in one step. Until it is there, nothing looks as if it could be used. Whom to erase anew stands in the
files by then, so that nobody is forgotten whatever ends the restore; the folder stays, empty, until they are erased.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine, inspect, text

from tracker.cli.keeping import databases
from tracker.cli.keeping.archive import Backup, Entry, damaged, newer
from tracker.cli.keeping.databases import Clients, is_ours, refuse_damaged, sqlite_tables, told_by, unpack
from tracker.cli.keeping.instance import KEPT, clear, filled
from tracker.cli.keeping.taking import asking, server_version
from tracker.operations.erasing import add_lines, erasures_file
from tracker.operations.lasting_files import settle
from tracker.operations.refused import Refused

_OF_THE_PLACE = {"alembic_version", "errand"}  # what any new installation has rows of


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


def restore(backup: Backup, place: Place, erasures: Iterable[str] = ()) -> None:
    """Bring everything back; :func:`end_restore` is to follow.

    Args:
        erasures: newer lines, to be kept with those of the backup.

    Raises:
        Refused: ``newer_backup``, ``other_engine``, ``not_empty``, ``in_use``, ``not_restored``, and what the database
            raises. The place is as empty as before then, save where the words say otherwise.
    """
    its_database = _refuse_unfit(backup, place)
    refuse_unless_empty(place)
    restoring, is_placed = _restoring(place.instance), False
    try:
        shutil.rmtree(restoring, ignore_errors=True)  # of one that died before it was ready
        restoring.mkdir(mode=0o700, parents=True)
        _lay_out(backup, restoring)
        add_lines(erasures_file(restoring), erasures)
        load = _sqlite if place.engine.dialect.name == "sqlite" else _postgresql
        with load(backup, its_database, place) as put_in_place:
            try:
                _move(restoring, place.instance)
                put_in_place()
                is_placed = True
            except BaseException:
                clear(place.instance)
                raise
    except OSError as error:
        where = error.filename or place.instance
        raise Refused("not_restored", f"{where}: {error.strerror}. Nothing was restored.") from error
    finally:
        if not is_placed:
            shutil.rmtree(restoring, ignore_errors=True)


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


def refuse_unless_empty(place: Place) -> None:
    """Raises:
    Refused: ``not_empty``, where any table has a row or the instance folder holds what a backup would bring.
    """
    with place.engine.connect() as connection:
        names = [name for name in inspect(connection).get_table_names() if is_ours(name) and name not in _OF_THE_PLACE]
        has_rows = [name for name in names if connection.exec_driver_sql(f'SELECT 1 FROM "{name}" LIMIT 1').first()]
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
    for laid in sorted(restoring.iterdir()):
        laid.rename(instance / laid.name)
    settle(instance)


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
