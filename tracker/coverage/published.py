"""The curriculum with its words, as people read it: courses, paths, their versions and sections.

It only changes when a text is applied, and every page of a member needs it: so it is read once, and again after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from tracker.coverage.derivation import last_applied
from tracker.models import Course, LearningPath, PathVersion, Principle, Section


@dataclass(frozen=True)
class Published:
    """The rows, loaded whole and bound to no session: they are shared by every request, and nobody may change them."""

    courses: Mapping[int, Course]
    paths: Mapping[int, LearningPath]  # with their versions, these with their sections, and these with their courses
    principles: Mapping[int, Principle]


_published: dict[int, Published] = {}  # the newest, by the text that was applied last


def published(session: Session) -> Published:
    """The curriculum as it was applied last."""
    stamp = last_applied(session)
    found = _published.get(stamp)
    if found is None:
        found = _read(session)
        _published.clear()
        _published[stamp] = found
    return found


def _read(session: Session) -> Published:
    """In a session of its own on the same transaction, which lets go of the rows."""
    with Session(session.connection(), autoflush=False) as reading:
        sections = selectinload(LearningPath.versions).selectinload(PathVersion.sections).selectinload(Section.courses)
        return Published(
            {course.id: course for course in reading.scalars(select(Course))},
            {path.id: path for path in reading.scalars(select(LearningPath).options(sections))},
            {principle.id: principle for principle in reading.scalars(select(Principle))},
        )
