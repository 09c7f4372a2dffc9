"""Letting settled rows wait again: what they had recorded is voided, and may be recorded anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.curriculum.words import Outcome
from tracker.models import BatchUndone, Completion, WaitingCompletion
from tracker.models.base import lock_member
from tracker.models.loading import in_chunks
from tracker.operations.actor import Actor
from tracker.operations.completions.waiting import settle_rows
from tracker.operations.standings import refresh_standings


def let_wait_again(
    session: Session,
    rows: Sequence[WaitingCompletion],
    courses: Mapping[int, int],
    reason: str,
    actor: Actor,
    *,
    today: date,
    now: datetime,
    forgets_learner: bool = True,
) -> int:
    """Void what settled rows had recorded, let them wait again, and try them anew: something else may find them.

    What another report had recorded before stays. A row of an import that was undone since waits no more.

    Args:
        courses: the course that each row was recorded for, by the row's id.
        reason: why, as it stands beside the voided completions.
        forgets_learner: who the learners are is taken back too, where nothing but a person's word says it.

    Returns:
        How many completions were voided.
    """
    members = sorted({row.settled_member_id for row in rows if row.settled_member_id is not None})
    for member_id in members:
        lock_member(session, member_id)
    voided = 0
    for chunk in in_chunks([row for row in rows if row.settled_at is not None and row.id in courses], 500):
        since: dict[tuple[object, ...], datetime] = {}
        for row in chunk:
            assert row.settled_at is not None
            key = (row.settled_member_id, courses[row.id], row.completed_on, row.assurance, row.source, row.batch_id)
            since[key] = min(since.get(key, row.settled_at), row.settled_at)
        mine = select(Completion).where(
            Completion.member_id.in_(sorted({row.settled_member_id for row in chunk if row.settled_member_id is not None})),
            Completion.recorded_at >= min(since.values()),
            Completion.voided_at.is_(None),
        )
        for done in session.scalars(mine):
            key = (done.member_id, done.course_id, done.completed_on, done.assurance, done.source, done.batch_id)
            if key in since and done.recorded_at >= since[key]:  # later: recorded anew when a merge was undone
                done.voided_at, done.voided_by, done.void_reason = now, actor.user_id, reason
                done.voided_batch_id = done.batch_id or 0  # as if its import had been undone: it may come again
                voided += 1
    session.flush()
    reopened = _reopen(session, rows, forgets_learner)
    refresh_standings(session, members)
    settle_rows(session, reopened, today=today, now=now)
    return voided


def _reopen(session: Session, rows: Sequence[WaitingCompletion], forgets_learner: bool) -> list[WaitingCompletion]:
    undone = set(session.scalars(select(BatchUndone.batch_id)))
    open_already: set[str] = set()
    for chunk in in_chunks(rows, 500):
        waits = (
            WaitingCompletion.fingerprint.in_([row.fingerprint for row in chunk]),
            WaitingCompletion.settled_at.is_(None),
        )
        open_already.update(session.scalars(select(WaitingCompletion.fingerprint).where(*waits)))
    reopened = []
    for row in rows:
        is_undone = row.batch_id in undone
        if forgets_learner or is_undone or not row.learner_key.startswith("name:"):
            row.settled_member_id = None
        if row.settled_at is None:
            row.reason = Outcome.UNMATCHED
            reopened.append(row)
        elif not is_undone and row.fingerprint not in open_already:  # the same report waits once
            row.settled_at, row.reason = None, Outcome.UNMATCHED
            open_already.add(row.fingerprint)
            reopened.append(row)
    session.flush()
    return reopened
