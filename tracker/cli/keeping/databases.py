"""The database as a stream, out and in: SQLite by its own way of copying, PostgreSQL by its own two programs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import URL

from tracker.operations.refused import Refused

SQLITE, POSTGRESQL = "database.sqlite.gz", "database.pgdump"  # what the entries are called
_CHUNK = 1 << 20
_CONNECT_SECONDS = 10  # for each of several hosts: one that is gone may never answer
_NEXT = re.compile(r"(\d+)")
# Asks the kernel to end this process with its parent, whatever ends that, and becomes the program that was asked for. A
# pg_restore that outlived a killed restore would commit behind the back of the next one.
_ENDED_WITH_US = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)  # it had ended before that was asked
os.execv(sys.argv[2], sys.argv[2:])
"""

Ask = Callable[[str], Sequence[Sequence[Any]]]  # one statement's rows


# --- Both -----------------------------------------------------------------------------------------------------------------


def told_by(ask: Ask, tables: Iterable[str]) -> dict[str, Any]:
    """What a manifest says of a database: its schema, how many rows each table has, and the audit chain's last seal."""
    names = sorted(tables)
    seal = ask("SELECT position, hash FROM audit_seal ORDER BY position DESC LIMIT 1") if "audit_seal" in names else []
    return {
        "schema": str(ask("SELECT version_num FROM alembic_version")[0][0]) if "alembic_version" in names else "",
        "audit": {"position": seal[0][0], "hash": seal[0][1]} if seal else None,
        "rows": {name: int(ask(f'SELECT count(*) FROM "{name}"')[0][0]) for name in names},
    }


def is_ours(table: str) -> bool:
    """Whether a table is kept: the queue of jobs is not, for a job that was asked for before is asked for again."""
    return not table.startswith(("huey", "sqlite_"))


# --- SQLite ---------------------------------------------------------------------------------------------------------------


@contextmanager
def sqlite_copy(source: Path, copy: Path) -> Iterator[Ask]:
    """A whole copy of the database as it is at one moment, while others go on to write; it is gone at the end.

    Raises:
        Refused: ``damaged_database``, ``no_database``.
    """
    if not source.is_file():
        raise Refused("no_database", f"There is no database at {source}: nothing to keep.")
    try:
        _new_file(copy)
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(copy)) as kept:
            live.backup(kept)  # in one step: other writers go on in their log
            kept.execute("PRAGMA journal_mode = DELETE")
            refuse_damaged(kept, source)
            yield lambda sql: kept.execute(sql).fetchall()
    finally:
        copy.unlink(missing_ok=True)


def sqlite_tables(ask: Ask) -> list[str]:
    return [str(row[0]) for row in ask("SELECT name FROM sqlite_master WHERE type = 'table'") if is_ours(str(row[0]))]


def refuse_damaged(database: sqlite3.Connection, place: Path) -> None:
    """Let SQLite look through all of a database.

    Raises:
        Refused: ``damaged_database``.
    """
    found = database.execute("PRAGMA integrity_check(3)").fetchall()
    if found != [("ok",)]:
        raise Refused("damaged_database", f"SQLite finds {place} damaged:", faults=[str(row[0]) for row in found])


def packed(file: Path) -> Iterator[bytes]:
    """A file's bytes, packed quickly."""
    packer = zlib.compressobj(1, wbits=31)
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield packer.compress(chunk)
    yield packer.flush()


def unpack(chunks: Iterable[bytes], place: Path) -> None:
    """Write what was packed into a new file, for this program's user alone.

    Raises:
        Refused: ``damaged_backup``.
    """
    _new_file(place)
    unpacker = zlib.decompressobj(wbits=31)
    with place.open("wb") as out:
        for each in chunks:
            chunk = each
            try:
                while chunk:
                    out.write(unpacker.decompress(chunk, _CHUNK))
                    chunk = unpacker.unconsumed_tail
            except zlib.error:
                break
        out.write(unpacker.flush())
    if not unpacker.eof or unpacker.unused_data:
        raise Refused("damaged_backup", f"The backup's {SQLITE} cannot be unpacked. Nothing was restored.")


def _new_file(place: Path) -> None:
    place.unlink(missing_ok=True)
    os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


# --- PostgreSQL -----------------------------------------------------------------------------------------------------------


class Clients:
    """PostgreSQL's own programs, pg_dump and pg_restore.

    Args:
        folder: where they lie; the PATH if None.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def dump(self, url: URL, snapshot: str, server: int) -> Iterator[bytes]:
        """The database of a snapshot, as pg_dump writes it.

        Args:
            server: the server's version, as 180000.

        Raises:
            Refused: ``no_pg_client``, ``old_pg_client``, ``pg_client_failed``.
        """
        program = self.program("pg_dump", server)
        asked = ["--format=custom", "--compress=1", "--no-owner", "--no-privileges", "--exclude-table=huey*"]
        with tempfile.TemporaryFile() as said, _running([program, *asked, f"--snapshot={snapshot}"], url, said) as process:
            assert process.stdout
            while chunk := process.stdout.read(_CHUNK):
                yield chunk
            _refuse_failed("pg_dump", process, said)

    def restore(self, url: URL, chunks: Iterable[bytes], server: int) -> None:
        """Bring a dump back in one transaction: all of it is there at the end, or nothing.

        Raises:
            Refused: ``no_pg_client``, ``old_pg_client``, ``pg_client_failed``; and what ``chunks`` raises.
        """
        program = self.program("pg_restore", server)
        asked = ["--format=custom", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
        with tempfile.TemporaryFile() as said, _running([program, *asked], url, said) as process:
            assert process.stdin
            try:
                for chunk in chunks:
                    process.stdin.write(chunk)
                process.stdin.close()
            except BrokenPipeError:
                pass  # it has ended, and said why
            _refuse_failed("pg_restore", process, said)

    def program(self, name: str, server: int) -> str:
        """Where one of the programs is.

        Raises:
            Refused: ``no_pg_client``, ``old_pg_client``.
        """
        found = shutil.which(name, path=str(self._folder) if self._folder else None)
        where = str(self._folder) if self._folder else "the PATH"
        if found is None:
            raise Refused(
                "no_pg_client",
                f"{name} is not in {where}: install PostgreSQL's client programs (on Debian: postgresql-client), or say in "
                "TRACKER_PG_BIN in which folder they lie.",
            )
        asked = [found, "--version"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603 — PostgreSQL's own
        version = _NEXT.search(told)
        if version is None or int(version[1]) < server // 10_000:
            raise Refused(
                "old_pg_client",
                f"{found} is of PostgreSQL {version[1] if version else '?'}, the server of {server // 10_000}: install "
                "client programs of the server's version or a newer one, or say in TRACKER_PG_BIN in which folder they lie.",
            )
        return found


@contextmanager
def _running(arguments: list[str], url: URL, said: Any) -> Iterator[subprocess.Popen[bytes]]:
    """One of the programs on a database, ended with us. The password travels in its environment, which nobody else reads."""
    address, password = _address(url)
    environment = {**os.environ, "LC_ALL": "C"} | ({"PGPASSWORD": password} if password else {})
    is_dump = "--single-transaction" not in arguments
    process = subprocess.Popen(  # noqa: S603 — PostgreSQL's own
        [*_ended_with_us(), *arguments, f"--dbname={address}"],
        env=environment,
        stdin=subprocess.DEVNULL if is_dump else subprocess.PIPE,
        stdout=subprocess.PIPE if is_dump else subprocess.DEVNULL,
        stderr=said,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()
        process.wait()


def _ended_with_us() -> list[str]:
    """What to put before a command, so that it never outlives this process; nothing where the system is not Linux."""
    return [sys.executable, "-I", "-S", "-c", _ENDED_WITH_US, str(os.getpid())] if sys.platform == "linux" else []


def _address(url: URL) -> tuple[str, str]:
    """Where the programs connect to, in libpq's own words: all that SQLAlchemy connects with, several hosts too. And, apart
    from it, the password, "" if none."""
    _words, named = url.get_dialect()().create_connect_args(url)
    password = str(named.pop("password", None) or "")
    named.pop("context", None)  # the driver's own
    return make_conninfo(**{"connect_timeout": _CONNECT_SECONDS, **named}), password


def _refuse_failed(name: str, process: subprocess.Popen[bytes], said: Any) -> None:
    code = process.wait()
    if code:
        said.seek(0)
        lines = [line for line in said.read().decode("utf-8", "replace").splitlines() if line.strip()][:5]
        if code < 0:
            lines.append(f"it was ended by signal {-code} ({signal.strsignal(-code)}), as where memory runs out.")
        raise Refused("pg_client_failed", f"{name} could not do it:", faults=lines)
