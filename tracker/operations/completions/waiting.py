"""Rows that wait for their member or course."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tracker.curriculum.words import Outcome
from tracker.models import WaitingCompletion, new_ids
from tracker.models.loading import in_chunks, load, many_rows
from tracker.operations.actor import Actor
from tracker.operations.completions.claims import is_late_claim
from tracker.operations.completions.staging import CompletionsRecorded, make_stage, record_staged
from tracker.operations.completions.writing import Staged
from tracker.operations.matching import CourseFinder, LearnerFinder, course_name, learner_key
from tracker.operations.rows import CompletionRow

_ROWS_AT_ONCE = 20_000


@many_rows()
def settle_waiting(session: Session, *, today: date, now: datetime) -> CompletionsRecorded:
    """Record every waiting completion whose member and course have come since.

    Each keeps its own batch and who imported it. Needs ``writing(alone=True)``.
    """
    recorded = CompletionsRecorded()
    learners: LearnerFinder | None = None
    settled: list[int] = []
    rows = session.scalars(
        select(WaitingCompletion).where(WaitingCompletion.settled_at.is_(None)).order_by(WaitingCompletion.id)
    ).yield_per(_ROWS_AT_ONCE)
    staged: list[Staged] = []
    for row in rows:
        if learners is None:
            learners, courses = LearnerFinder(session), CourseFinder(session)
        course, member_id = courses.find(row), learners.find(row)
        if course is None or member_id is None:
            row.reason = Outcome.UNMATCHED if member_id is None else Outcome.UNKNOWN_COURSE
            continue
        if is_late_claim(row.assurance, row.completed_on, course.retired_on):
            continue  # it waits on, for a person to record or to leave
        settled.append(row.id)
        staged.append(
            Staged(
                *(member_id, row.line, course.id, row.completed_on, int(row.assurance), row.source),
                *(row.external_id or None, row.evidence_url, row.batch_id, row.recorded_by),
            )
        )
    if not staged:
        return recorded
    make_stage(session)
    load(session, "staged_completion", Staged._fields, staged)
    for chunk in in_chunks(settled, 5_000):
        session.execute(update(WaitingCompletion).where(WaitingCompletion.id.in_(chunk)).values(settled_at=now))
    record_staged(session, recorded, today, now)
    return recorded


_WAITING_COLUMNS = (
    *("id", "batch_id", "line", "reason", "fingerprint", "source", "member_number", "provider_id", "email"),
    *("learner_name", "learner_local", "learner_key", "course_id", "course", "course_name", "completed_on", "assurance"),
    *("evidence_url", "external_id", "recorded_at", "recorded_by", "is_set_aside"),
)


def let_wait(
    session: Session,
    waiting: list[tuple[CompletionRow, Outcome]],
    source: str,
    actor: Actor,
    batch_id: int | None,
    now: datetime,
) -> None:
    """Keep these rows until their member and course come; the same row waits once, however often it is reported."""
    fresh = {_fingerprint(row, source): (row, reason) for row, reason in waiting}
    for chunk in in_chunks(sorted(fresh), 5_000):
        known = session.scalars(
            select(WaitingCompletion.fingerprint).where(
                WaitingCompletion.fingerprint.in_(chunk), WaitingCompletion.settled_at.is_(None)
            )
        )
        for fingerprint in known:
            del fresh[fingerprint]
    ids = iter(new_ids(len(fresh)))
    load(
        session,
        "waiting_completion",
        _WAITING_COLUMNS,
        (
            (
                *(next(ids), batch_id, row.line, reason.value, fingerprint, source, row.member_number, row.provider_id),
                *(row.email, row.learner_name, row.learner_local, learner_key(source, row, row.learner_name)),
                *(row.course_id, row.course, course_name(row), row.completed_on, int(row.assurance)),
                *(row.evidence_url, row.external_id, now, actor.user_id, False),
            )
            for fingerprint, (row, reason) in fresh.items()
        ),
    )


def _fingerprint(row: CompletionRow, source: str) -> str:
    """What makes two reported rows the same row, wherever in a file they stand and whatever else is said of the learner."""
    said = row._replace(line=0, learner_name="", learner_local="") if row.provider_id or row.email else row._replace(line=0)
    parts = (source, *map(str, said[1:]))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
