"""Learners whom reports name and nobody here knows: their waiting rows, one line a learner, the oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from tracker.coverage.paging import Page
from tracker.curriculum.keys import plain_text
from tracker.curriculum.words import Outcome
from tracker.language import _
from tracker.models import WaitingCompletion

_PAGE = 20
_MOST_COURSES = 4
_MOST_ROWS = 200


class Said(NamedTuple):
    """One way in which reports named a learner."""

    source: str
    name: str
    email: str
    provider_id: str
    number: str
    local: str

    @property
    def in_words(self) -> str:
        """The name, or failing that the surest of the rest."""
        return self.name or self.email or self.number or self.provider_id or _("no name")


class CourseCount(NamedTuple):
    course: str
    rows: int


@dataclass(frozen=True)
class WaitingLearner:
    """One learner, with everything that was said of them. ``id`` is the oldest of their rows: what an address names."""

    id: int
    key: str  # operations.matching.learner_key
    said: tuple[Said, ...]  # as reported last first
    rows: int
    oldest: datetime
    courses: tuple[CourseCount, ...]  # the first some, of ``courses_in_all``
    courses_in_all: int

    @property
    def name(self) -> str:
        return next((each.name for each in self.said if each.name), self.said[0].in_words)

    @property
    def is_only_a_name(self) -> bool:
        """Whether reports say nothing of them that another report could be matched by."""
        return self.key.startswith("name:")

    def all(self, what: str) -> list[str]:
        """Everything said of one kind, such as ``email``: each once."""
        return list(dict.fromkeys(value for each in self.said if (value := getattr(each, what))))


def asks(row: type[WaitingCompletion] = WaitingCompletion) -> tuple[ColumnElement[bool], ...]:
    """What makes a waiting row one that a person is asked about."""
    return row.settled_at.is_(None), row.is_set_aside.is_(False)


def unmatched(row: type[WaitingCompletion] = WaitingCompletion) -> tuple[ColumnElement[bool], ...]:
    return *asks(row), row.reason == Outcome.UNMATCHED


def learners_page(session: Session, query: str = "", after: int | None = None) -> Page[WaitingLearner]:
    """Learners who wait to be recognised, the one who waits longest first.

    Args:
        query: only those of whom a report says this: part of a name, an address, a number or an id.
        after: the learner's ``id`` to go on after.
    """
    earlier = aliased(WaitingCompletion)
    is_first = ~(
        select(earlier.id)
        .where(earlier.learner_key == WaitingCompletion.learner_key, earlier.id < WaitingCompletion.id, *unmatched(earlier))
        .exists()
    )
    firsts = (
        select(WaitingCompletion.id, WaitingCompletion.learner_key)
        .where(*unmatched(), is_first)
        .order_by(WaitingCompletion.id)
        .limit(_PAGE + 1)
    )
    if query:
        firsts = firsts.where(
            WaitingCompletion.learner_key.in_(select(WaitingCompletion.learner_key).where(_says(query), *unmatched()))
        )
    if after is not None:
        firsts = firsts.where(WaitingCompletion.id > after)
    rows = session.execute(firsts).all()
    shown = [key for _, key in rows[:_PAGE]]
    learners = waiting_learners(session, shown)
    return Page([learners[key] for key in shown], str(rows[_PAGE - 1].id) if len(rows) > _PAGE else None)


def learner_of(session: Session, row_id: int) -> WaitingLearner | None:
    """The learner of a waiting row, if they still wait."""
    key = session.scalar(select(WaitingCompletion.learner_key).where(WaitingCompletion.id == row_id))
    return waiting_learners(session, [key]).get(key) if key is not None else None


def waiting_learners(session: Session, keys: Sequence[str]) -> dict[str, WaitingLearner]:
    """These learners, by key; without those who wait no more."""
    said: dict[str, list[Said]] = {}
    counts: dict[str, tuple[int, int, datetime]] = {}
    row = WaitingCompletion
    columns = (row.source, row.learner_name, row.email, row.provider_id, row.member_number, row.learner_local)
    for key, its_id, rows, since, *says in session.execute(
        select(row.learner_key, func.min(row.id), func.count(), func.min(row.recorded_at), *columns)
        .where(row.learner_key.in_(keys), *unmatched())
        .group_by(row.learner_key, *columns)
        .order_by(func.max(row.id).desc())
    ):
        said.setdefault(key, []).append(Said(*says))
        before = counts.get(key, (its_id, 0, since))
        counts[key] = (min(before[0], its_id), before[1] + rows, min(before[2], since))
    courses: dict[str, list[CourseCount]] = {}
    title = func.max(func.coalesce(func.nullif(row.course, ""), row.course_id))
    for key, course, rows in session.execute(
        select(row.learner_key, title, func.count())
        .where(row.learner_key.in_(keys), *unmatched())
        .group_by(row.learner_key, row.course_name)
        .order_by(func.count().desc(), title)
    ):
        courses.setdefault(key, []).append(CourseCount(course, rows))
    return {
        key: WaitingLearner(
            *(counts[key][0], key, tuple(said[key]), counts[key][1], counts[key][2]),
            *(tuple(courses[key][:_MOST_COURSES]), len(courses[key])),
        )
        for key in said
    }


class LearnersRow(NamedTuple):
    """One waiting row of a learner."""

    course: str
    completed_on: date
    batch_id: int | None
    line: int


def rows_of(session: Session, key: str) -> list[LearnersRow]:
    """The first some of a learner's waiting rows, the oldest completion first."""
    row = WaitingCompletion
    found = session.execute(
        select(row.course, row.course_id, row.completed_on, row.batch_id, row.line)
        .where(row.learner_key == key, *unmatched())
        .order_by(row.completed_on, row.id)
        .limit(_MOST_ROWS)
    )
    return [LearnersRow(each.course or each.course_id, each.completed_on, each.batch_id, each.line) for each in found]


def learners_waiting(session: Session) -> int:
    """How many learners wait to be recognised."""
    return session.scalar(select(func.count(WaitingCompletion.learner_key.distinct())).where(*unmatched())) or 0


def _says(query: str) -> ColumnElement[bool]:
    row = WaitingCompletion
    written, folded = query.strip().lower(), plain_text(query)  # a key holds names without accents, a row as reported
    columns = (row.learner_name, row.email, row.provider_id, row.member_number)
    says = (func.lower(column).contains(written, autoescape=True) for column in columns)
    return or_(row.learner_key.contains(folded, autoescape=True), *says)
