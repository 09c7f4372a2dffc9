"""Reading from a streaming replica of the database, where there is one (`DATABASE_READ_URL`).

A session reads from it from :func:`read_replica` on, until it writes: what is read after a write is read where it was
written. A later session of the same person passes on how far the primary had written (:func:`written_so_far`), and reads
from the replica once that has come as far.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

BIND = "replica"  # what the application's configuration calls its engine
_READS = "reads from the replica"
_WROTE = "has written"

# A replica that hears nothing from its primary while that goes on writing is a copy of yesterday.
LONGEST_LAG = timedelta(seconds=30)


def reads_replica(session: Session) -> bool:
    """Whether a session asks the replica at this moment."""
    return bool(session.info.get(_READS))


def read_replica(session: Session, written: str | None, primary: Engine) -> bool:
    """Read from the replica from here on, if it has come as far as ``written`` and is not left behind. Gives whether it is.

    Args:
        written: how far the primary had written when this reader last changed something (:func:`written_so_far`).
        primary: asked how far it is where the replica has heard nothing for long: of a quiet night, or of a broken line.

    Raises:
        DBAPIError: one of them cannot be reached; the session reads from the primary as before once it is rolled back.
    """
    session.info[_READS] = True
    try:
        has_come = _has_come(session, written)
        if has_come and not _has_heard_lately(session):
            has_come = _has_come(session, written_so_far(primary))
    except BaseException:
        session.info.pop(_READS)
        raise
    if not has_come:
        session.info.pop(_READS)
    return has_come


def _has_come(session: Session, written: str | None) -> bool:
    """Whether the replica holds what was written so far; one that was promoted holds all there is."""
    come = text("SELECT NOT pg_is_in_recovery() OR coalesce(pg_last_wal_replay_lsn() >= CAST(:written AS pg_lsn), true)")
    return bool(session.scalar(come, {"written": written}))


def _has_heard_lately(session: Session) -> bool:
    heard = text("SELECT NOT pg_is_in_recovery() OR clock_timestamp() - pg_last_xact_replay_timestamp() < :lag")
    return bool(session.scalar(heard, {"lag": LONGEST_LAG}))


def read_primary(session: Session) -> None:
    """Read where it is written from here on."""
    session.info.pop(_READS, None)


def note_written(session: Session) -> None:
    """Remember that this session has committed a write."""
    session.info[_WROTE] = True


def has_written(session: Session) -> bool:
    return bool(session.info.get(_WROTE))


def written_so_far(engine: Engine) -> str:
    """How far the primary has written, as text of its own (``pg_lsn``): a replica that has come as far holds it all."""
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT pg_current_wal_lsn()")))
