"""Reading the curriculum as applied."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import course_key, slug_of
from tracker.models import Course, CourseReference, LearningPath, ReferenceKind


def find_path(session: Session, code: str) -> LearningPath | None:
    """The path of that code, case and outer spaces ignored."""
    return session.scalar(select(LearningPath).where(LearningPath.code == code.strip().casefold()))


def find_course(session: Session, text: str) -> Course | None:
    """The course of a code, a provider's id, a slug or an exact title, tried in that order; or of a provider's address.

    None where two courses share the title: then it names neither.
    """
    key = course_key(text)
    rows = session.execute(
        select(CourseReference.kind, CourseReference.course_id).where(CourseReference.value.in_({key, slug_of(key) or key}))
    ).all()
    for kind in ReferenceKind:
        found = {row.course_id for row in rows if row.kind is kind}
        if found:
            return session.get(Course, found.pop()) if len(found) == 1 else None
    return None


class CourseChoice(NamedTuple):
    """A course as a list to choose from offers it: ``value`` finds it again, whatever its title."""

    value: str
    label: str


def course_choices(session: Session) -> list[CourseChoice]:
    """Every course by its title, or by its code where two share a title."""
    rows = session.execute(select(Course.title, Course.code, Course.provider).order_by(Course.title, Course.code)).all()
    times = Counter(course_key(row.title) for row in rows)
    return [
        CourseChoice(row.title if times[course_key(row.title)] == 1 else row.code, f"{row.title} · {row.provider}")
        for row in rows
    ]


def path_choices(session: Session, day: date) -> list[LearningPath]:
    """The paths that are not retired, by title."""
    return list(
        session.scalars(
            select(LearningPath)
            .where(or_(LearningPath.retired_on.is_(None), LearningPath.retired_on > day))
            .order_by(LearningPath.title, LearningPath.code)
        )
    )
