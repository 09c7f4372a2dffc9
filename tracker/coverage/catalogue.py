"""Reading the curriculum as applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tracker.coverage.published import published
from tracker.curriculum.keys import course_key, plain_text, slug_of
from tracker.language import _, day, ngettext
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


class CourseFound(NamedTuple):
    """A course that a search found. ``value`` names it in the form, ``note`` says what else there is to know."""

    value: str
    title: str
    note: str


def search_courses(session: Session, text: str, wanted: Sequence[int], on: date, most: int = 20) -> list[CourseFound]:
    """The courses in which every word of ``text`` stands anywhere, case and accents ignored: at most so many.

    Args:
        wanted: ids of courses that come first, in this order; then those on offer, by title.
    """
    words = plain_text(text).split()
    rank = {course_id: at for at, course_id in enumerate(wanted)}
    courses = published(session).courses.values()
    times = Counter(course_key(each.title) for each in courses)
    found = [each for each in courses if all(word in _searched(each.title, each.code, each.provider) for word in words)]
    found.sort(
        key=lambda each: (
            rank.get(each.id, len(rank)),
            each.retired_on is not None and each.retired_on <= on,
            plain_text(each.title),
            each.code,
        )
    )
    return [
        CourseFound(
            each.title if times[course_key(each.title)] == 1 else each.code, each.title, _note(each, each.id in rank, on)
        )
        for each in found[:most]
    ]


@lru_cache(maxsize=10_000)
def _searched(*texts: str) -> str:
    return plain_text(" ".join(texts))


def _note(course: Course, is_wanted: bool, on: date) -> str:
    told = [course.provider]
    if course.minutes:
        told.append(ngettext("%(n)s minute", "%(n)s minutes", course.minutes))
    if is_wanted:
        told.append(_("asked of you"))
    if course.retired_on is not None and course.retired_on <= on:
        told.append(_("offered until %(day)s", day=day(course.retired_on)))
    return " · ".join(told)


def path_choices(session: Session, on: date) -> list[LearningPath]:
    """The paths that are not retired, by title."""
    return list(
        session.scalars(
            select(LearningPath)
            .where(or_(LearningPath.retired_on.is_(None), LearningPath.retired_on > on))
            .order_by(LearningPath.title, LearningPath.code)
        )
    )
