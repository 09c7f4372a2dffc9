"""From kept statements to facts: what each reports is recorded like a row of any other report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from tracker.curriculum.words import Assurance, Outcome
from tracker.models import Completion, StatementState, WaitingCompletion, XapiStatement
from tracker.operations.actor import Actor
from tracker.operations.completions.few import Settled, record_few
from tracker.operations.completions.stage import Staged
from tracker.operations.completions.waiting import fingerprint_of
from tracker.operations.completions.writing import write_completions
from tracker.operations.matching import CourseFinder
from tracker.operations.standings import refresh_standings
from tracker.operations.statements.keeping import begins_as
from tracker.operations.statements.shapes import Reader, Reported, Voiding
from tracker.operations.statements.voiding import is_voided_by_statement, void_statements

_STATES = {
    Outcome.RECORDED: StatementState.RECORDED,
    Outcome.CORROBORATED: StatementState.RECORDED,
    Outcome.ALREADY_KNOWN: StatementState.KNOWN,
    Outcome.UNMATCHED: StatementState.WAITING,
    Outcome.UNKNOWN_COURSE: StatementState.WAITING,
    Outcome.FAULTY: StatementState.FAULTY,
}


def settle_rows(
    session: Session, rows: Sequence[XapiStatement], actor: Actor, read: Reader, *, today: date, now: datetime
) -> None:
    """Give each new row what became of it: a completion, or a place among those that wait.

    A completion whose day has not come here yet, as it may have where the provider is, stays new until :func:`comes_later`
    says otherwise.
    """
    reported: dict[str, list[tuple[XapiStatement, Reported]]] = {}
    voidings: list[tuple[XapiStatement, Voiding]] = []
    for row in rows:
        if row.state is not StatementState.NEW:
            continue
        meaning = read(row.raw, row.received_at)
        row.state, row.reason = begins_as(meaning)
        if isinstance(meaning, Voiding):
            voidings.append((row, meaning))
        elif isinstance(meaning, Reported) and meaning.row.completed_on > today:
            row.reason = comes_later(meaning.row.completed_on)
        elif isinstance(meaning, Reported):
            reported.setdefault(meaning.source, []).append((row, meaning))
    for source, some in reported.items():
        _record(session, source, some, actor, today, now)
    losers = void_statements(session, voidings, read, now)
    session.flush()
    if losers and (again := _claims_that_may_count(session, losers, read)):
        settle_rows(session, again, actor, read, today=today, now=now)


def comes_later(day: date) -> str:
    """The reason of a new row that is settled on that day; in the order of the days, and after no reason at all."""
    return f"from {day}"


def _claims_that_may_count(session: Session, members: set[int], read: Reader) -> list[XapiStatement]:
    """These members' claims, as new: one that was known, for the provider had reported more, may be all that is left now."""
    rows = session.scalars(
        select(XapiStatement)
        .outerjoin(WaitingCompletion, WaitingCompletion.id == XapiStatement.waiting_id)
        .where(
            or_(
                and_(
                    XapiStatement.state == StatementState.KNOWN,
                    XapiStatement.member_id.in_(members),
                    XapiStatement.completion_id.is_(None),
                ),
                and_(XapiStatement.state == StatementState.WAITING, WaitingCompletion.settled_member_id.in_(members)),
            )
        )
        .order_by(XapiStatement.id)
    )
    claims = []
    for row in rows:
        meaning = read(row.raw, row.received_at)
        if isinstance(meaning, Reported) and meaning.row.assurance is Assurance.CLAIMED:
            row.state = StatementState.NEW
            claims.append(row)
    return claims


def _record(
    session: Session, source: str, some: list[tuple[XapiStatement, Reported]], actor: Actor, today: date, now: datetime
) -> None:
    said = [meaning.row for _, meaning in some]
    settled = record_few(session, said, source=source, actor=actor, today=today, now=now)
    courses: CourseFinder | None = None
    for (row, meaning), end in zip(some, settled, strict=True):
        row.state, row.reason = _STATES[end.outcome], ""
        row.member_id, row.completion_id, row.waiting_id = end.member_id, end.completion_id, end.waiting_id
        if end.outcome is Outcome.FAULTY:
            row.reason = "the course was retired before that day"
        elif end.outcome in (Outcome.UNMATCHED, Outcome.UNKNOWN_COURSE):
            row.reason = end.outcome.value
        elif end.outcome is Outcome.ALREADY_KNOWN and end.member_id is None:
            row.waiting_id = _settled_before(session, fingerprint_of(meaning.row, source))
        elif end.outcome is Outcome.ALREADY_KNOWN:
            courses = courses or CourseFinder(session)
            _tie_to_known(session, row, meaning, end, courses, now)


def _settled_before(session: Session, fingerprint: str) -> int | None:
    """The waiting row, settled since, that says the same."""
    return session.scalar(
        select(WaitingCompletion.id)
        .where(
            WaitingCompletion.fingerprint == fingerprint,
            WaitingCompletion.settled_at.is_not(None),
            WaitingCompletion.settled_member_id.is_not(None),
        )
        .order_by(WaitingCompletion.id.desc())
        .limit(1)
    )


def _tie_to_known(
    session: Session, row: XapiStatement, meaning: Reported, end: Settled, courses: CourseFinder, now: datetime
) -> None:
    """Let a statement that repeats a completion point at it. Where another statement had taken it back, it is recorded anew:
    this one stands; where a person did, it stays void."""
    found = courses.find(meaning.row)
    assert end.member_id is not None and found is not None
    same = session.scalars(
        select(Completion)
        .where(
            Completion.member_id == end.member_id,
            Completion.course_id == found.id,
            Completion.completed_on == meaning.row.completed_on,
            Completion.assurance == meaning.row.assurance,
        )
        .order_by(Completion.id)
    ).all()
    valid = next((each for each in same if each.voided_at is None), None)
    if valid is not None:
        row.completion_id = valid.id
    elif same and all(is_voided_by_statement(each) for each in same):
        staged = Staged(
            *(end.member_id, 0, found.id, meaning.row.completed_on, int(meaning.row.assurance), meaning.source),
            *(None, "", None, None),
        )
        (row.completion_id,) = write_completions(session, [staged], now)
        row.state = StatementState.RECORDED
        refresh_standings(session, [end.member_id])
    elif same:
        row.completion_id, row.reason = same[-1].id, "voided by a person"
    else:
        row.reason = "the provider has reported the course as completed"
