"""Reading the curriculum as applied."""

from __future__ import annotations

from sqlalchemy import select
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
