"""Taking statements back.

A completion stands as long as one statement that reports it does, in whichever order they and their voidings come. What
another feed recorded, no statement takes away.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import Completion, Member, StatementState, WaitingCompletion, XapiStatement
from tracker.models.base import lock_member
from tracker.operations.matching import CourseFinder
from tracker.operations.standings import refresh_standings
from tracker.operations.statements.keeping import mark_before_it_comes
from tracker.operations.statements.shapes import Reader, Voiding

_VOIDED_BY = "voided by the provider's statement "


def void_statements(
    session: Session, voidings: Sequence[tuple[XapiStatement, Voiding]], read: Reader, now: datetime
) -> set[int]:
    """Take back the statements that these name, and the completions that no other statement reports.

    Returns:
        The members who lost one.
    """
    touched: set[int] = set()
    for row, voiding in sorted(voidings, key=lambda each: each[1].statement_id):
        row.state, row.reason = StatementState.NO_COMPLETION, f"voids {voiding.statement_id}"
        if voiding.statement_id == row.statement_id:
            row.reason += ", itself, which nothing can void"
            continue
        because = f"{_VOIDED_BY}{row.statement_id}"
        told = f"by {row.statement_id}"
        target = mark_before_it_comes(session, voiding.statement_id, row.client_id, now, told)
        if not target.raw or target.state is StatementState.VOIDED:
            continue
        if isinstance(read(target.raw, target.received_at), Voiding):
            row.reason += ", a voiding itself, which nothing can void"
            continue
        target.state, target.reason = StatementState.VOIDED, told
        session.flush()
        member_id = _take_back(session, target, because, now)
        if member_id is not None:
            touched.add(member_id)
    if touched:
        session.flush()
        refresh_standings(session, sorted(touched))
    return touched


def is_voided_by_statement(completion: Completion) -> bool:
    """Whether a statement took this completion back, and no person."""
    return completion.voided_by is None and (completion.void_reason or "").startswith(_VOIDED_BY)


def _take_back(session: Session, target: XapiStatement, because: str, now: datetime) -> int | None:
    """Void what the statement alone reported. Gives the member whose completion went."""
    courses: CourseFinder | None = None
    if target.completion_id is not None and target.member_id is not None:
        found = _still_valid(session, target.member_id, target.completion_id)
    elif target.waiting_id is not None:
        waiting = session.get_one(WaitingCompletion, target.waiting_id)
        if waiting.settled_at is None:
            _stop_waiting(session, waiting, now)
            return None
        courses = CourseFinder(session)
        found = _recorded_for(session, waiting, courses)
    else:
        return None
    if found is None or found.batch_id is not None or _is_reported_otherwise(session, found, target, courses):
        return None
    lock_member(session, found.member_id)
    found.voided_at, found.void_reason = now, because
    return found.member_id


def _still_valid(session: Session, member_id: int, completion_id: int) -> Completion | None:
    """The completion, if it is valid: the same of whom its member turned out to be, if two were made one."""
    first = session.scalar(select(Completion).where(Completion.member_id == member_id, Completion.id == completion_id))
    if first is None or first.voided_at is None:
        return first
    owner = session.scalar(select(Member.merged_into_id).where(Member.member_id == member_id))
    if owner is None:
        return None
    return session.scalar(
        select(Completion).where(
            Completion.member_id == owner,
            Completion.course_id == first.course_id,
            Completion.completed_on == first.completed_on,
            Completion.assurance == first.assurance,
            Completion.source == first.source,
            Completion.voided_at.is_(None),
        )
    )


def _recorded_for(session: Session, waiting: WaitingCompletion, courses: CourseFinder) -> Completion | None:
    """The valid completion that a waiting row became."""
    course = courses.find(waiting)
    if course is None or waiting.settled_member_id is None:
        return None
    return session.scalar(
        select(Completion).where(
            Completion.member_id == waiting.settled_member_id,
            Completion.course_id == course.id,
            Completion.completed_on == waiting.completed_on,
            Completion.assurance == waiting.assurance,
            Completion.source == waiting.source,
            Completion.voided_at.is_(None),
        )
    )


def _is_reported_otherwise(
    session: Session, completion: Completion, target: XapiStatement, courses: CourseFinder | None
) -> bool:
    """Whether another statement that stands reports the same completion."""
    others = (XapiStatement.state != StatementState.VOIDED, XapiStatement.id != target.id)
    tied = select(XapiStatement.id).where(
        XapiStatement.completion_id == completion.id, XapiStatement.member_id == completion.member_id, *others
    )
    if session.scalar(tied.limit(1)) is not None:
        return True
    had_waited = session.scalars(
        select(WaitingCompletion)
        .join(XapiStatement, XapiStatement.waiting_id == WaitingCompletion.id)
        .where(
            WaitingCompletion.settled_member_id == completion.member_id,
            WaitingCompletion.completed_on == completion.completed_on,
            WaitingCompletion.assurance == completion.assurance,
            WaitingCompletion.source == completion.source,
            *others,
        )
    ).all()
    if not had_waited:
        return False
    courses = courses or CourseFinder(session)
    return any((found := courses.find(each)) is not None and found.id == completion.course_id for each in had_waited)


def _stop_waiting(session: Session, waiting: WaitingCompletion, now: datetime) -> None:
    """Take a row out of those that wait, unless a file brought it or another statement says the same."""
    stands = select(XapiStatement.id).where(
        XapiStatement.waiting_id == waiting.id, XapiStatement.state != StatementState.VOIDED
    )
    if waiting.batch_id is None and session.scalar(stands.limit(1)) is None:
        waiting.settled_at = now
