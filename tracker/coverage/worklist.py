"""What waits for the training staff: counts for their first page, and the lists behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from tracker.coverage.desk.courses import unknown
from tracker.coverage.desk.learners import unmatched
from tracker.coverage.held_changes import held_waiting
from tracker.coverage.paging import Page
from tracker.curriculum.words import Assurance
from tracker.models import (
    AssignmentRule,
    Batch,
    Completion,
    Course,
    Evidence,
    LearningPath,
    Member,
    PathVersion,
    Section,
    SectionCourse,
    Unit,
    WaitingCompletion,
)

_PAGE = 50


@dataclass(frozen=True)
class Waiting:
    """How many wait, and since when the one that waits longest does."""

    count: int
    oldest: datetime | None


class LostCourse(NamedTuple):
    """A course that its provider withdrew though a path still asks for it."""

    path: LearningPath
    course: Course


class Claim(NamedTuple):
    """A course that a member logged and that nobody surer has confirmed."""

    completion: Completion
    member: Member
    course: Course
    evidence_url: str | None


@dataclass(frozen=True)
class WorkList:
    claims: Waiting
    unmatched: Waiting  # learners, not rows
    unknown_courses: Waiting  # courses, not rows
    held: Waiting
    lost_courses: tuple[LostCourse, ...]
    has_units: bool
    has_paths: bool
    has_members: bool
    has_rules: bool

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits for anyone."""
        waiting = (self.claims, self.unmatched, self.unknown_courses, self.held)
        return not (any(each.count for each in waiting) or self.lost_courses)


def work_list(session: Session, day: date) -> WorkList:
    """Everything that waits for staff, as of now."""
    count, oldest = session.execute(select(func.count(), func.min(Completion.recorded_at)).where(*_unconfirmed())).one()
    return WorkList(
        claims=Waiting(count, oldest),
        unmatched=_waiting(session, WaitingCompletion.learner_key, unmatched()),
        unknown_courses=_waiting(session, WaitingCompletion.course_name, unknown()),
        held=Waiting(*held_waiting(session)),
        lost_courses=_lost_courses(session, day),
        has_units=_any(session, select(Unit.id)),
        has_paths=_any(session, select(LearningPath.id)),
        has_members=_any(session, select(Member.member_id)),
        has_rules=_any(session, select(AssignmentRule.id)),
    )


def _waiting(session: Session, what: InstrumentedAttribute[str], which: tuple[ColumnElement[bool], ...]) -> Waiting:
    """How many different ones the waiting rows name."""
    count, oldest = session.execute(
        select(func.count(what.distinct()), func.min(WaitingCompletion.recorded_at)).where(*which)
    ).one()
    return Waiting(count, oldest)


def claims_page(session: Session, after: int | None = None) -> Page[Claim]:
    """Claims that nobody has confirmed, the oldest first."""
    wanted = (
        select(Completion, Member, Course)
        .join(Member, Member.member_id == Completion.member_id)
        .join(Course, Course.id == Completion.course_id)
        .where(*_unconfirmed())
        .order_by(Completion.id)
        .limit(_PAGE + 1)
    )
    if after is not None:
        wanted = wanted.where(Completion.id > after)
    rows = session.execute(wanted).all()
    members = [row[1].member_id for row in rows]
    links = select(Evidence.completion_id, Evidence.url).where(Evidence.member_id.in_(members))
    evidence = {row.completion_id: row.url for row in session.execute(links)} if rows else {}
    claims = [Claim(done, member, course, evidence.get(done.id)) for done, member, course in rows[:_PAGE]]
    return Page(claims, str(claims[-1].completion.id) if len(rows) > _PAGE else None)


def last_report(session: Session, profile: str) -> datetime | None:
    """When a report of that form last came."""
    return session.scalar(select(func.max(Batch.recorded_at)).where(Batch.kind == "completions", Batch.profile == profile))


def _unconfirmed() -> tuple[ColumnElement[bool], ...]:
    """What makes a completion a claim that waits: no surer record of that course, of that day or later."""
    surer = aliased(Completion)
    return (
        Completion.assurance == Assurance.CLAIMED,
        Completion.voided_at.is_(None),
        ~exists().where(
            surer.member_id == Completion.member_id,
            surer.course_id == Completion.course_id,
            surer.assurance > Assurance.CLAIMED,
            surer.completed_on >= Completion.completed_on,
            surer.voided_at.is_(None),
        ),
    )


def _lost_courses(session: Session, day: date) -> tuple[LostCourse, ...]:
    newest = (
        select(PathVersion.path_id, func.max(PathVersion.number).label("number"))
        .where(or_(PathVersion.from_on.is_(None), PathVersion.from_on <= day))
        .group_by(PathVersion.path_id)
        .subquery()
    )
    rows = session.execute(
        select(LearningPath, Course)
        .join(newest, newest.c.path_id == LearningPath.id)
        .join(PathVersion, (PathVersion.path_id == newest.c.path_id) & (PathVersion.number == newest.c.number))
        .join(Section, Section.version_id == PathVersion.id)
        .join(SectionCourse, SectionCourse.section_id == Section.id)
        .join(Course, Course.id == SectionCourse.course_id)
        .where(
            or_(LearningPath.retired_on.is_(None), LearningPath.retired_on > day),
            Course.retired_on <= day,
        )
        .distinct()
        .order_by(LearningPath.title, Course.title)
    )
    return tuple(LostCourse(path, course) for path, course in rows)


def _any(session: Session, wanted: Select[Any]) -> bool:
    return session.scalar(wanted.limit(1)) is not None
