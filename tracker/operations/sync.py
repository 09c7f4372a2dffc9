"""Reading a provider's history window by window: how far it came, and never two at once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import Batch, SyncWindow
from tracker.operations.refused import Refused

# Held on a connection of its own for as long as a source is read (PostgreSQL). Beside the writers' lock of models.base.
_READING = 7_421_200
_SOURCES = ("linkedin", "notices")  # in the order of their locks; the last is what the weekly mails are made from


def go_on_from(session: Session, source: str, late: timedelta) -> datetime | None:
    """Where reading goes on: at the end of the window that was recorded last, or as much earlier as it was recorded too
    soon after its end. None where nothing was read yet.

    Not at the latest end: who reads an older stretch again and is interrupted goes on where that was, and leaves no gap.

    Args:
        late: after this long a provider's figures are final.
    """
    found = session.execute(
        select(SyncWindow.until_at, Batch.recorded_at)
        .join(Batch, Batch.id == SyncWindow.batch_id)
        .where(SyncWindow.source == source)
        .order_by(SyncWindow.batch_id.desc())
        .limit(1)
    ).first()
    return min(found.until_at, found.recorded_at - late) if found else None


def record_window(session: Session, source: str, from_at: datetime, until_at: datetime, batch_id: int) -> None:
    """Note that this stretch was recorded whole, in the transaction of its batch, whose audit entry is this act's, too."""
    window = session.get(SyncWindow, (source, from_at))
    if window is None:
        window = SyncWindow(source=source, from_at=from_at)
        session.add(window)
    window.until_at, window.batch_id = until_at, batch_id
    session.flush()


@contextmanager
def only_one(engine: Engine, source: str, folder: Path) -> Iterator[None]:
    """Keep every other process from reading this source at the same time.

    On PostgreSQL it is a session's advisory lock, on a connection that does nothing else, so that it holds between several
    servers; behind a pooler it needs session pooling. On SQLite, where there is one machine, it is the kernel's lock on a
    file in ``folder``. Both end with the process that holds them, however it ends.

    Raises:
        Refused: ``sync_running``.
    """
    lock = _on_postgresql(engine, source) if engine.dialect.name == "postgresql" else _on_file(folder, source)
    with lock:
        yield


@contextmanager
def _on_postgresql(engine: Engine, source: str) -> Iterator[None]:
    key = {"key": _READING + _SOURCES.index(source)}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key):
            raise _running(source)
        try:
            yield
        finally:
            with suppress(DBAPIError):  # a connection that is gone holds nothing
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
            connection.invalidate()  # never given back to be used for something else, whatever it still holds


@contextmanager
def _on_file(folder: Path, source: str) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / f"{source}-sync.lock", os.O_RDWR | os.O_CREAT, 0o600), "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise _running(source) from None
        yield


def _running(source: str) -> Refused:
    return Refused(
        "sync_running", _("Another sync of %(source)s is running. Nothing was done: wait for its end.", source=source)
    )
