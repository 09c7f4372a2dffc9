"""Jobs that wait for `tracker worker`: pages put them into a queue, and a worker on any server of the site takes them out.

The queue says only that there is something to do. What is true stands elsewhere, so that nothing hangs on the queue: the
job's state in the database; its lock, held for as long as a process is at work on it; and a note beside the lock for as
long as it waits, in the instance folder that the servers of a site share. So a job that is in the queue twice is done once,
and one that fell out of it is put back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from huey import Huey, PostgresHuey, SqliteHuey  # type: ignore[import-untyped]
from huey.registry import Message  # type: ignore[import-untyped]
from huey.serializer import Serializer  # type: ignore[import-untyped]
from sqlalchemy import Engine, text

from tracker.intake.progress import is_running

# What the queue may raise where it cannot be reached, or is not made yet because no worker ever ran.
QUEUE_ERRORS = (psycopg.Error, sqlite3.Error, OSError)

# A job's kind: its folder in the instance folder, and the command that goes on with it.
KINDS = {
    "job": ("jobs", ("job", "run")),
    "export": ("jobs", ("export", "run")),
    "trial": ("simulations", ("catalogue", "try")),
}
LONG = timedelta(minutes=1)  # whatever waits longer is told so on its page
_NAME = "tracker"
_TABLES_LOCK = 7_421_120  # two workers that make the queue's tables at once would stand in each other's way
_CONNECT_SECONDS = 5


class Waiting(NamedTuple):
    """A job that waits for a worker, or that a worker took."""

    kind: str
    language: str  # of whoever asked for it
    request: str  # the number of the request that asked for it
    at: float  # since when it waits, in seconds
    tries: int = 0  # how often a worker has taken it


class _Json(Serializer):  # type: ignore[misc]
    """The queue's messages as JSON: whoever could write into it must not be able to run anything."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: Any) -> Any:
        return Message(*json.loads(bytes(data)))


class Queue:
    """The queue of a site: tables beside the others on PostgreSQL, a small file in the instance folder otherwise."""

    def __init__(self, engine: Engine, instance: Path, go_on: Callable[[str, int], None] | None = None) -> None:
        """
        Args:
            go_on: what a worker does with the kind and the id of a job; None for a page, which only puts jobs in. A worker
                also makes what the queue is kept in.
        """
        self._go_on = go_on
        makes_tables = go_on is not None
        self.huey = _on_postgresql(engine, makes_tables) if engine.dialect.name == "postgresql" else _in_file(instance)
        self._task = self.huey.task(name="go_on")(self._do)

    def put(self, kind: str, its_id: int) -> None:
        """Tell the workers that a job waits. Where that cannot be done, a worker finds it a little later by its note.

        Raises:
            QUEUE_ERRORS
        """
        self._task(kind, its_id)

    def pending(self) -> set[tuple[str, int]]:
        """The kind and the id of every job in the queue.

        Raises:
            QUEUE_ERRORS
        """
        return {(task.args[0], task.args[1]) for task in self.huey.pending()}

    def close(self) -> None:
        """Give back its connection."""
        self.huey.storage.close()

    def _do(self, kind: str, its_id: int) -> None:
        assert self._go_on is not None, "a page takes nothing out"
        self._go_on(kind, its_id)


def _on_postgresql(engine: Engine, makes_tables: bool) -> Huey:
    def connection() -> psycopg.Connection:
        words, named = engine.dialect.create_connect_args(engine.url)
        return psycopg.connect(*words, **{**named, "connect_timeout": _CONNECT_SECONDS})

    if makes_tables:
        with engine.begin() as alone:
            alone.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TABLES_LOCK})
            PostgresHuey(_NAME, connection=connection, serializer=_Json()).storage.close()
    # it looks instead of being told: a pooler between may not pass on what PostgreSQL tells
    return PostgresHuey(_NAME, results=False, serializer=_Json(), connection=connection, create_tables=False, blocking=False)


def _in_file(instance: Path) -> Huey:
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = instance / "queue.db"
    file.touch(mode=0o600)
    return SqliteHuey(_NAME, results=False, serializer=_Json(), filename=str(file))


# --- The note beside a job's lock ----------------------------------------------------------------------------------------


def note(folder: Path, its_id: int, waiting: Waiting) -> None:
    """Note that a job waits, or that a worker took it: whole or not at all. Whoever does holds the job's lock."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f"{its_id}.queued.part"
    part.write_text(json.dumps(waiting))
    part.replace(_note(folder, its_id))


def noted(folder: Path, its_id: int) -> Waiting | None:
    """What is noted of a job; None where it neither waits nor was taken."""
    try:
        return Waiting(*json.loads(_note(folder, its_id).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def drop_note(folder: Path, its_id: int) -> None:
    """The job waits no more."""
    with suppress(OSError):
        _note(folder, its_id).unlink()


def all_noted(instance: Path) -> Iterator[tuple[Path, int, Waiting]]:
    """Every job that waits or was taken: its folder, its id and its note."""
    for folder in sorted({instance / name for name, _words in KINDS.values()}):
        for file in folder.glob("*.queued"):
            its_id = file.name.partition(".")[0]
            if its_id.isdecimal() and (found := noted(folder, int(its_id))) is not None:
                yield folder, int(its_id), found


def is_under_way(folder: Path, its_id: int) -> bool:
    """Whether a process is at work on a job, or it waits for a worker to begin one. Else it has ended, well or not."""
    if is_running(folder, its_id):
        return True
    found = noted(folder, its_id)
    if found is not None and not found.tries:
        return True
    return is_running(folder, its_id)  # a worker may have taken it between the two looks


def waits_long(folder: Path, its_id: int, now: datetime) -> bool:
    """Whether a job has waited for a worker for so long that its page should say so."""
    found = noted(folder, its_id)
    return found is not None and not found.tries and now.timestamp() - found.at >= LONG.total_seconds()


def _note(folder: Path, its_id: int) -> Path:
    return folder / f"{its_id}.queued"
