"""Which claims wait for a person, the oldest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, exists, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from tracker.coverage.paging import Page
from tracker.curriculum.words import Assurance
from tracker.models import (
    Completion,
    Course,
    Erasure,
    Evidence,
    LearningPath,
    Member,
    Membership,
    PathVersion,
    ReviewLock,
    Section,
    SectionCourse,
    Unit,
    UnitClosure,
    User,
)

_PAGE = 50
# written out, not sent along: so a partial index on claims could be used by either engine
_CLAIMED: ColumnElement[int] = literal_column(str(int(Assurance.CLAIMED)))


@dataclass(frozen=True)
class Question:
    """Which of the waiting claims are asked for."""

    unit: Unit | None = None  # of who holds a card in it, or under it, on the day
    path: LearningPath | None = None  # of a course that any version of it lists
    waited_days: int | None = None  # logged at least so many days ago
    with_evidence: bool | None = None  # with a file or a link behind it, or without

    @property
    def is_open(self) -> bool:
        """Whether it asks for all of them."""
        return self == Question()


class Claim(NamedTuple):
    """A course that a member logged and that nobody surer has confirmed.

    ``evidence`` is what is behind it. ``held_by`` is the address of whoever looks at it until ``held_until``, "" for nobody.
    """

    completion: Completion
    member: Member
    course: Course
    evidence: tuple[Evidence, ...]
    held_by: str
    held_until: datetime | None
    held_by_id: int | None


MOST_COUNTED = 1_000  # nobody's work depends on how many thousands more there are


def a_claim() -> tuple[ColumnElement[bool], ...]:
    """What makes a completion a claim at all: in these words, for an index holds just these."""
    return (Completion.assurance == _CLAIMED, Completion.voided_at.is_(None))


def unconfirmed() -> tuple[ColumnElement[bool], ...]:
    """What makes a completion a claim that waits: no surer record of that course, of that day or later; nor was its member
    erased, for then nobody could look at it."""
    surer = aliased(Completion)
    return (
        *a_claim(),
        ~exists().where(
            surer.member_id == Completion.member_id,
            surer.course_id == Completion.course_id,
            surer.assurance > Assurance.CLAIMED,
            surer.completed_on >= Completion.completed_on,
            surer.voided_at.is_(None),
        ),
        ~exists().where(Erasure.member_id == Completion.member_id),
    )


def claims_waiting(session: Session) -> tuple[int, datetime | None]:
    """How many claims wait, counted up to one more than :data:`MOST_COUNTED`, and since when the oldest."""
    first = select(Completion.recorded_at).where(*unconfirmed()).order_by(Completion.id).limit(MOST_COUNTED + 1)
    rows = session.scalars(first).all()
    return len(rows), rows[0] if rows else None


def waiting_of(session: Session, member_id: int) -> frozenset[int]:
    """Which of a member's completions are claims that wait, by their ids."""
    return frozenset(session.scalars(select(Completion.id).where(Completion.member_id == member_id, *unconfirmed())))


def claims_page(session: Session, question: Question, day: date, now: datetime, after: int | None = None) -> Page[Claim]:
    """Claims that nobody has confirmed, the oldest first, from the one after ``after``."""
    wanted = (
        select(Completion, Member, Course)
        .join(Member, Member.member_id == Completion.member_id)
        .join(Course, Course.id == Completion.course_id)
        .where(*unconfirmed(), *_asked(question, day, now))
        .order_by(Completion.id)
        .limit(_PAGE + 1)
    )
    if after is not None:
        wanted = wanted.where(Completion.id > after)
    rows = session.execute(wanted).all()
    shown = rows[:_PAGE]
    evidence = evidence_of(session, (row[0] for row in shown))
    held = _holders(session, (row[0].id for row in shown), now)
    claims = [
        Claim(done, member, course, tuple(evidence.get(done.id, ())), *held.get(done.id, ("", None, None)))
        for done, member, course in shown
    ]
    return Page(claims, str(claims[-1].completion.id) if len(rows) > _PAGE else None)


def next_claim(
    session: Session,
    question: Question,
    day: date,
    now: datetime,
    user_id: int,
    own_member_ids: Iterable[int],
    after: int = 0,
) -> Completion | None:
    """The oldest claim that this person may review and nobody else looks at, from the one after ``after``.

    Args:
        own_member_ids: members that the person is: nobody reviews their own.
    """
    others = select(ReviewLock.completion_id).where(ReviewLock.user_id != user_id, ReviewLock.until_at > now)
    found: Select[Completion] = (
        select(Completion)
        .where(
            *unconfirmed(),
            *_asked(question, day, now),
            Completion.id > after,
            Completion.id.not_in(others),
            Completion.member_id.not_in(list(own_member_ids)),
            Completion.recorded_by.is_distinct_from(user_id),
        )
        .order_by(Completion.id)
        .limit(1)
    )
    return session.scalar(found)


def evidence_of(session: Session, completions: Iterable[Completion]) -> dict[int, list[Evidence]]:
    """What is behind each of these completions, by its id."""
    pairs = [(each.member_id, each.id) for each in completions]
    found: dict[int, list[Evidence]] = {}
    if not pairs:
        return found
    rows = session.scalars(
        select(Evidence)
        .where(
            Evidence.member_id.in_({member for member, _ in pairs}), Evidence.completion_id.in_({each for _, each in pairs})
        )
        .order_by(Evidence.id)
    )
    for row in rows:
        found.setdefault(row.completion_id, []).append(row)
    return found


def is_held(session: Session, completion_id: int, now: datetime) -> tuple[str, datetime | None, int | None]:
    """Who looks at a claim: their address, until when, and their id; nobody is ``("", None, None)``."""
    return _holders(session, [completion_id], now).get(completion_id, ("", None, None))


def _holders(
    session: Session, completion_ids: Iterable[int], now: datetime
) -> dict[int, tuple[str, datetime | None, int | None]]:
    rows = session.execute(
        select(ReviewLock, User.email)
        .outerjoin(User, User.id == ReviewLock.user_id)
        .where(ReviewLock.completion_id.in_(list(completion_ids)), ReviewLock.until_at > now)
    )
    return {lock.completion_id: (email or "", lock.until_at, lock.user_id) for lock, email in rows}


def _asked(question: Question, day: date, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if question.unit is not None:
        conditions.append(
            exists().where(
                Membership.member_id == Completion.member_id,
                Membership.unit_id == UnitClosure.descendant_id,
                UnitClosure.ancestor_id == question.unit.id,
                Membership.voided_at.is_(None),
                Membership.from_on <= day,
                or_(Membership.until_on.is_(None), Membership.until_on > day),
            )
        )
    if question.path is not None:
        listed = (
            select(SectionCourse.course_id)
            .join(Section, Section.id == SectionCourse.section_id)
            .join(PathVersion, PathVersion.id == Section.version_id)
            .where(PathVersion.path_id == question.path.id)
        )
        conditions.append(Completion.course_id.in_(listed))
    if question.waited_days is not None:
        conditions.append(Completion.recorded_at <= now - timedelta(days=question.waited_days))
    if question.with_evidence is not None:
        proof = exists().where(Evidence.member_id == Completion.member_id, Evidence.completion_id == Completion.id)
        conditions.append(proof if question.with_evidence else ~proof)
    return conditions
