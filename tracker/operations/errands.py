"""Errands: work that is done again and again, once for the whole site however many processes and servers there are.

Who moves an errand's ``next_at`` on does it. A process that dies over one keeps it from nobody for longer than its interval.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from tracker.coverage.errands import furthest
from tracker.models.base import Moment

SEAL, SETTLE, WEEKLY, PURGE, DOCTOR, BACKUP = "seal", "settle", "weekly", "purge", "doctor", "backup"

# One statement, so that of any number at once one has it, the very first time too.
_TAKE = text(
    "INSERT INTO errand (name, next_at, begun_at, ended_at, outcome, failure)"
    " VALUES (:name, :next_at, :now, NULL, '{}', '')"
    " ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at, begun_at = excluded.begun_at"
    " WHERE errand.next_at <= :now OR errand.next_at > :never RETURNING errand.name"
).bindparams(bindparam("next_at", type_=Moment), bindparam("now", type_=Moment), bindparam("never", type_=Moment))

_END = text(
    "INSERT INTO errand (name, next_at, begun_at, ended_at, outcome, failure)"
    " VALUES (:name, :now, :now, :now, :outcome, :failure)"
    " ON CONFLICT (name) DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome, failure = excluded.failure"
).bindparams(bindparam("now", type_=Moment))


def take_errand(session: Session, name: str, now: datetime, every: timedelta) -> bool:
    """Take an errand that is due; it is due again after ``every``, also where whoever took it dies over it.

    Returns:
        Whether this call has it: of any number at the same moment one does.
    """
    moments = {"now": now, "next_at": now + every, "never": furthest(now, every)}
    return session.scalar(_TAKE, {"name": name, **moments}) is not None


def end_errand(session: Session, name: str, now: datetime, outcome: Mapping[str, Any], failure: str = "") -> None:
    """Note what an errand found, or why it failed. One that nobody took, such as a backup by hand, is noted alike.

    Args:
        outcome: counts and words as plain JSON, for whoever watches: nobody's name.
        failure: "" where it did not fail.
    """
    session.execute(_END, {"name": name, "now": now, "outcome": json.dumps(outcome), "failure": failure})
