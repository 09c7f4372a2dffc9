"""Courses that reports name and the catalogue does not have under that name: one line a course, the oldest first."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from tracker.coverage.desk.learners import asks
from tracker.coverage.paging import Page
from tracker.curriculum.keys import course_key, plain_text, slug_of
from tracker.curriculum.likeness import title_likeness
from tracker.curriculum.words import Outcome
from tracker.language import _, ngettext
from tracker.models import Course, CourseReference, ReferenceKind, WaitingCompletion

_PAGE = 20
_MOST_LIKELY = 3
_LEAST_LIKE = 0.34
_LONGEST_CODE = 120
_PROVIDERS = {"linkedin": "LinkedIn Learning"}  # what the curriculum calls the provider of a source


class LikelyCourse(NamedTuple):
    course: Course
    likeness: float


@dataclass(frozen=True)
class WaitingCourse:
    """One reported course. ``id`` is the oldest of its rows: what an address names."""

    id: int
    name: str  # operations.matching.course_name
    titles: tuple[str, ...]  # as reported, ids where there is no title
    course_ids: tuple[str, ...]
    sources: tuple[str, ...]
    rows: int
    learners: int
    oldest: datetime
    reason: str  # why no course was found
    likely: tuple[LikelyCourse, ...]

    @property
    def title(self) -> str:
        return self.titles[0]


def unknown(row: type[WaitingCompletion] = WaitingCompletion) -> tuple[ColumnElement[bool], ...]:
    return *asks(row), row.reason == Outcome.UNKNOWN_COURSE


def courses_page(session: Session, query: str = "", after: int | None = None) -> Page[WaitingCourse]:
    """Courses that wait to be decided, the one that waits longest first.

    Args:
        query: only those whose title or id holds this.
        after: the course's ``id`` to go on after.
    """
    earlier = aliased(WaitingCompletion)
    is_first = ~(
        select(earlier.id)
        .where(earlier.course_name == WaitingCompletion.course_name, earlier.id < WaitingCompletion.id, *unknown(earlier))
        .exists()
    )
    firsts = (
        select(WaitingCompletion.id, WaitingCompletion.course_name)
        .where(*unknown(), is_first)
        .order_by(WaitingCompletion.id)
        .limit(_PAGE + 1)
    )
    if query:
        words = query.strip().lower()
        columns = (WaitingCompletion.course, WaitingCompletion.course_id)
        firsts = firsts.where(or_(*(func.lower(each).contains(words, autoescape=True) for each in columns)))
    if after is not None:
        firsts = firsts.where(WaitingCompletion.id > after)
    rows = session.execute(firsts).all()
    shown = [name for _, name in rows[:_PAGE]]
    courses = waiting_courses(session, shown)
    return Page([courses[name] for name in shown], str(rows[_PAGE - 1].id) if len(rows) > _PAGE else None)


def course_of(session: Session, row_id: int) -> WaitingCourse | None:
    """The reported course of a waiting row, if it still waits."""
    name = session.scalar(select(WaitingCompletion.course_name).where(WaitingCompletion.id == row_id))
    return waiting_courses(session, [name]).get(name) if name is not None else None


def waiting_courses(session: Session, names: Sequence[str]) -> dict[str, WaitingCourse]:
    """These reported courses, by name; without those that wait no more."""
    row = WaitingCompletion
    said: dict[str, list[tuple[str, str, str]]] = {}
    for name, *says in session.execute(
        select(row.course_name, row.course, row.course_id, row.source)
        .where(row.course_name.in_(names), *unknown())
        .group_by(row.course_name, row.course, row.course_id, row.source)
        .order_by(func.count().desc(), row.course)
    ):
        said.setdefault(name, []).append((says[0], says[1], says[2]))
    catalogue = list(session.scalars(select(Course).order_by(Course.title, Course.code)))
    found: dict[str, WaitingCourse] = {}
    for name, its_id, rows, learners, oldest in session.execute(
        select(
            *(row.course_name, func.min(row.id), func.count(), func.count(row.learner_key.distinct())),
            func.min(row.recorded_at),
        )
        .where(row.course_name.in_(names), *unknown())
        .group_by(row.course_name)
    ):
        titles = tuple(dict.fromkeys(title or course_id for title, course_id, _ in said[name]))
        found[name] = WaitingCourse(
            *(its_id, name, titles, tuple(dict.fromkeys(course_id for _, course_id, _ in said[name] if course_id))),
            *(tuple(dict.fromkeys(source for _, _, source in said[name])), rows, learners, oldest),
            *(_reason(session, titles), _likely(titles[0], catalogue)),
        )
    return found


def courses_waiting(session: Session) -> int:
    """How many courses wait to be decided."""
    return session.scalar(select(func.count(WaitingCompletion.course_name.distinct())).where(*unknown())) or 0


def _reason(session: Session, titles: Sequence[str]) -> str:
    """Why the name finds no course, in words."""
    keys = {course_key(title) for title in titles}
    named = select(CourseReference.course_id).where(CourseReference.value.in_(keys | {slug_of(key) for key in keys} - {""}))
    twins = session.scalars(
        select(Course)
        .where(Course.id.in_(named.where(CourseReference.kind == ReferenceKind.TITLE)))
        .order_by(Course.title, Course.code)
    ).all()
    if len(twins) > 1:
        codes = ", ".join(course.code for course in twins)
        return ngettext(
            "%(n)s course has this title (%(codes)s), so it names none of them",
            "%(n)s courses have this title (%(codes)s), so it names none of them",
            len(twins),
            codes=codes,
        )
    known = session.scalars(select(Course).where(Course.id.in_(named)).order_by(Course.code)).first()
    if known is not None and known.retired_on is not None:
        return _(
            "%(title)s was retired on %(day)s: a member’s own word of a later day is not taken",
            title=known.title,
            day=known.retired_on,
        )
    return _("no course has this id, title or address")


def _likely(title: str, catalogue: Sequence[Course]) -> tuple[LikelyCourse, ...]:
    ranked = [LikelyCourse(course, title_likeness(title, course.title)) for course in catalogue]
    ranked.sort(key=lambda each: -each.likeness)
    return tuple(each for each in ranked[:_MOST_LIKELY] if each.likeness >= _LEAST_LIKE)


def proposed_entry(session: Session, course: WaitingCourse) -> str:
    """The course as an entry of the curriculum's file, to paste, complete and have reviewed."""
    slug = next((found for title in course.titles if (found := slug_of(course_key(title)))), "")
    title = next((title for title in course.titles if "://" not in title), slug.replace("-", " ").capitalize())
    provider = next((_PROVIDERS[source] for source in course.sources if source in _PROVIDERS), None)
    lines = [
        f"  - code: {_free_code(session, slug or title)}",
        f"    title: {_quoted(title)}",
        f"    provider: {_quoted(provider)}" if provider else "    # provider: who teaches it",
    ]
    if ids := [each for each in course.course_ids if each != title]:
        lines.append(f"    ids: [{', '.join(map(_quoted, ids))}]")
    if slug:
        lines.append(f"    slugs: [{_quoted(slug)}]")
    lines.append("    # minutes: as its provider states them")
    return "\n".join(lines)


def _free_code(session: Session, text: str) -> str:
    taken = set(session.scalars(select(Course.code)))
    code = re.sub(r"[^a-z0-9]+", "-", plain_text(text)).strip("-")[: _LONGEST_CODE - 4].strip("-") or "new-course"
    number = 2
    free = code
    while free in taken:
        free = f"{code}-{number}"
        number += 1
    return free


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
