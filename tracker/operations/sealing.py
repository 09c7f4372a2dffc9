"""Putting what was written into the audit trail into its chain, a moment later: whoever writes an entry waits for nobody.

One seals at a time for the whole site; ids are made in the order of time but may be committed out of it, so an entry that
comes late takes its place behind those that are sealed already.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.coverage.chain import BEGINNING, chain_head, hash_of, hash_of_detail, unsealed, unsealed_from
from tracker.models.loading import load

_SEALER = 7_421_110  # the advisory lock of the one who seals (PostgreSQL; SQLite has one writer)
_COLUMNS = ("position", "entry_id", "detail_hash", "hash", "sealed_at")


def seal_entries(session: Session, now: datetime, most: int = 5_000, *, all_of: bool = False, onward: bool = False) -> int:
    """Seal entries that have no seal yet, the earliest first. Needs no more than a plain ``writing()``.

    Args:
        most: of one call, so that nobody is held off for long.
        all_of: also those that came more than a day late. It looks at the whole trail.
        onward: only those after the entry that was sealed last: for a call right after another.

    Returns:
        How many were sealed; 0 also where another is at it.
    """
    if not _is_the_one(session):
        return 0
    waiting = unsealed(session, unsealed_from(session, all_of=all_of, onward=onward), most)
    if not waiting:
        return 0
    head = chain_head(session)
    position, before = (head.position, head.hash) if head else (0, BEGINNING)
    rows = []
    for each in waiting:
        position += 1
        detail_hash = hash_of_detail(each.detail)
        before = hash_of(before, position, each.columns, detail_hash)
        rows.append((position, each.id, detail_hash, before, now))
    load(session, "audit_seal", _COLUMNS, rows)
    return len(rows)


def _is_the_one(session: Session) -> bool:
    """Whether this one may seal, until the end of its transaction. It never waits."""
    if session.get_bind().dialect.name == "sqlite":
        return True
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _SEALER}))
