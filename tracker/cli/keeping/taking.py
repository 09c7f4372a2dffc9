"""Taking a backup, while others write."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine, inspect, text

from tracker.cli.keeping.archive import Writer
from tracker.cli.keeping.databases import (
    POSTGRESQL,
    SQLITE,
    Ask,
    Clients,
    is_ours,
    packed,
    sqlite_copy,
    sqlite_tables,
    told_by,
)
from tracker.cli.keeping.instance import AFTER, BEFORE, files_of, pieces
from tracker.operations.lasting_files import settle
from tracker.operations.refused import Refused


@dataclass(frozen=True)
class Taken:
    """A backup that was taken: how large it is, its manifest's hash, what it holds, and what it does not.

    Args:
        missing: hashes of evidence that the database names, and of which there was no file with that content.
        strays: names in the instance folder that are none of ours.
    """

    size: int
    sha256: str
    rows: dict[str, int]
    files: int
    missing: list[str]
    strays: list[str]


def take_backup(engine: Engine, instance: Path, target: Path, clients: Clients, now: datetime) -> Taken:
    """Write a backup into a new file that nobody else on the machine reads; it is there once it is whole.

    What waits in files is read first, then the database as it is at one moment, then the files it names: those are called by
    their contents or never written twice, and none is removed while a row names it.

    Raises:
        Refused: ``backup_is_there``, ``backup_running``, ``backup_not_written``, ``unreadable_file``, and what the database
            raises. A file that is not there at all is no reason: what is there must be kept all the more.
    """
    counted, strays, missing = [0], list[str](), set[str]()

    def add_files(names: tuple[str, ...]) -> None:
        for name in names:
            for inside, stream in files_of(instance, name, strays):
                sha256 = writer.add(inside, pieces(stream, instance / inside))
                counted[0] += 1
                if name == "evidence":
                    missing.discard(sha256)

    with _new_backup(target) as (stream, lines):
        writer = Writer(stream, lines)
        add_files(BEFORE)
        told, missing = _add_database(writer, engine, target, clients)
        add_files(AFTER)
        if missing:  # a file goes with its rows: whoever was erased meanwhile has lost nothing
            with engine.connect() as connection:
                missing &= _evidence(asking(connection))
        about = {
            "program": f"tracker {version('tracker')}",
            "taken_at": now.isoformat(timespec="seconds"),
            "engine": engine.dialect.name,
            "missing": len(missing),
            **told,
        }
        sha256 = writer.finish(about)
        stream.seek(0, os.SEEK_END)
        size = stream.tell()
    return Taken(size, sha256, told["rows"], counted[0], sorted(missing), strays)


@contextmanager
def _new_backup(target: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """A file that takes the target's name at the end, and a nameless one for the manifest. What a dead process left is
    written over."""
    part = target.with_name(f"{target.name}.part")
    _refuse_present(target)
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b") as stream:
            if not is_held(stream, part):
                raise Refused(
                    "backup_running", f"Another backup is on its way to {part}: wait for it, or choose another name."
                )
            try:
                _refuse_present(target)
                os.fchmod(stream.fileno(), 0o600)
                stream.truncate(0)
                with tempfile.TemporaryFile(dir=target.parent) as lines:
                    yield stream, lines
                stream.flush()
                os.fsync(stream.fileno())
                _refuse_present(target)
                part.rename(target)
                settle(target.parent)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise Refused("backup_not_written", f"{target} cannot be written: {error.strerror}. No backup was taken.") from error


def is_held(stream: BinaryIO, file: Path) -> bool:
    """Take the lock of an open file: False where another process holds it, or has removed the file meanwhile."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(stream.fileno()).st_ino == file.stat().st_ino
    except (BlockingIOError, FileNotFoundError):
        return False


def _refuse_present(target: Path) -> None:
    if os.path.lexists(target):
        raise Refused("backup_is_there", f"{target} is there already: a backup is never written over. Choose another name.")


def _add_database(writer: Writer, engine: Engine, target: Path, clients: Clients) -> tuple[dict[str, Any], set[str]]:
    """Returns: what the manifest says of it, and the hashes of evidence that it names."""
    if engine.dialect.name == "sqlite":
        source, copy = Path(str(engine.url.database)), target.with_name(f"{target.name}.part.sqlite")
        with sqlite_copy(source, copy) as ask:
            writer.add(SQLITE, packed(copy))
            return told_by(ask, sqlite_tables(ask)), _evidence(ask)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = str(connection.scalar(text("SELECT pg_export_snapshot()")))
        server = server_version(connection)
        ask = asking(connection)
        told = told_by(ask, filter(is_ours, inspect(connection).get_table_names()))
        named = _evidence(ask)
        writer.add(POSTGRESQL, clients.dump(engine.url, snapshot, server))
        return {"server": server, **told}, named


def _evidence(ask: Ask) -> set[str]:
    return {str(row[0]) for row in ask("SELECT DISTINCT sha256 FROM evidence WHERE sha256 IS NOT NULL")}


def asking(connection: Connection) -> Callable[[str], list[tuple[Any, ...]]]:
    """One statement's rows, on a connection."""
    return lambda sql: [tuple(row) for row in connection.exec_driver_sql(sql)]


def server_version(connection: Connection) -> int:
    """PostgreSQL's version, as 180000."""
    return int(connection.scalar(text("SHOW server_version_num")) or 0)
