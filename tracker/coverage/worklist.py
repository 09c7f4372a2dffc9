"""What waits for the training staff: counts for their first page, each with the age of the oldest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from tracker.coverage.corrections import corrections_waiting
from tracker.coverage.desk.courses import unknown
from tracker.coverage.desk.learners import unmatched
from tracker.coverage.due_exceptions import due_exceptions_waiting
from tracker.coverage.eligibility import eligible_uninvited
from tracker.coverage.held_changes import held_waiting
from tracker.coverage.last_reports import last_linkedin_report, last_report
from tracker.coverage.notices import notices_failed
from tracker.coverage.reviewing import MOST_COUNTED, claims_waiting
from tracker.coverage.voiding import proposals_waiting
from tracker.models import (
    AssignmentRule,
    Course,
    LearningPath,
    Member,
    PathVersion,
    Section,
    SectionCourse,
    Unit,
    WaitingCompletion,
)

__all__ = ["REPORT_OVERDUE_DAYS", "LostCourse", "Waiting", "WorkList", "last_report", "work_list"]

REPORT_OVERDUE_DAYS = 14  # after so many days without one, LinkedIn's report is overdue: it is meant to come each week


@dataclass(frozen=True)
class Waiting:
    """How many wait, and since when the one that waits longest does, where that is known."""

    count: int
    oldest: datetime | None = None
    is_more: bool = False  # than ``count``: nobody counted on


class LostCourse(NamedTuple):
    """A course that its provider withdrew though a path still asks for it."""

    path: LearningPath
    course: Course


@dataclass(frozen=True)
class WorkList:
    claims: Waiting
    unmatched: Waiting  # learners, not rows
    unknown_courses: Waiting  # courses, not rows
    held: Waiting
    due_exceptions: Waiting
    corrections: Waiting
    proposals: Waiting  # bulk acts that a second person must confirm
    uninvited: Waiting  # eligible for a provider's account, and not invited yet
    failed_notices: Waiting
    lost_courses: tuple[LostCourse, ...]
    last_report: datetime | None  # of LinkedIn
    report_overdue: bool
    has_units: bool
    has_paths: bool
    has_members: bool
    has_rules: bool

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits for anyone."""
        waiting = (
            *(self.claims, self.unmatched, self.unknown_courses, self.held, self.due_exceptions),
            *(self.corrections, self.proposals, self.uninvited, self.failed_notices),
        )
        return not (any(each.count for each in waiting) or self.lost_courses or self.report_overdue)


def _up_to(most: int, count: int, oldest: datetime | None) -> Waiting:
    return Waiting(min(count, most), oldest, is_more=count > most)


def work_list(session: Session, day: date) -> WorkList:
    """Everything that waits for staff, as of now."""
    report = last_linkedin_report(session)
    has_paths, has_rules = _any(session, select(LearningPath.id)), _any(session, select(AssignmentRule.id))
    exceptions, since = due_exceptions_waiting(session, day) if has_rules else (0, None)
    return WorkList(
        claims=_up_to(MOST_COUNTED, *claims_waiting(session)),
        unmatched=_waiting(session, WaitingCompletion.learner_key, unmatched()),
        unknown_courses=_waiting(session, WaitingCompletion.course_name, unknown()),
        held=Waiting(*held_waiting(session)),
        due_exceptions=Waiting(exceptions, datetime.combine(since, time(12), UTC) if since else None),
        corrections=Waiting(*corrections_waiting(session, None)),
        proposals=Waiting(*proposals_waiting(session)),
        uninvited=Waiting(eligible_uninvited(session, day) if has_paths else 0),
        failed_notices=Waiting(*notices_failed(session)),
        lost_courses=_lost_courses(session, day),
        last_report=report,
        report_overdue=report is not None and report.date() <= day - timedelta(days=REPORT_OVERDUE_DAYS),
        has_units=_any(session, select(Unit.id)),
        has_paths=has_paths,
        has_members=_any(session, select(Member.member_id)),
        has_rules=has_rules,
    )


def _waiting(session: Session, what: InstrumentedAttribute[str], which: tuple[ColumnElement[bool], ...]) -> Waiting:
    """How many different ones the waiting rows name."""
    count, oldest = session.execute(
        select(func.count(what.distinct()), func.min(WaitingCompletion.recorded_at)).where(*which)
    ).one()
    return Waiting(count, oldest)


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
