"""Finding the member, the course and the local that a row means.

A learner is found by member number, then by an alias that the provider gave (an id confirmed for a member; failing that, the
same text as a member number), then by e-mail. A value with two holders finds no one, and a name never finds anyone.
A course is found by the provider's id, or by a code, id, slug, address or exact title; two with one title, by neither.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import course_key, email_key, member_key, plain_text, slug_of, unit_key
from tracker.curriculum.words import UnitKind
from tracker.models import Course, CourseReference, ReferenceKind, Unit
from tracker.models.loading import read_rows


class ReportedLearner(Protocol):
    """What a row says of its learner."""

    @property
    def member_number(self) -> str: ...
    @property
    def provider_id(self) -> str: ...
    @property
    def email(self) -> str: ...


class ReportedCourse(Protocol):
    """What a row says of its course."""

    @property
    def course_id(self) -> str: ...
    @property
    def course(self) -> str: ...


class LearnerFinder:
    """Every identifier of the union in memory: 168,000 members take some 60 MB, and a report of any length one read."""

    def __init__(self, session: Session) -> None:
        self._numbers: dict[str, int] = {}
        self._provider_ids: dict[str, int | None] = {}
        self._emails: dict[str, int | None] = {}
        tables: dict[str, dict[str, int | None]] = {"provider-id": self._provider_ids, "email": self._emails}
        for kind, value, member_id in read_rows(session, "SELECT kind, value, member_id FROM identifier"):
            if kind == "number":
                self._numbers[value] = member_id
            else:
                table = tables[kind]
                table[value] = None if value in table else member_id

    def find(self, row: ReportedLearner) -> int | None:
        """The member a row means, or None."""
        if row.member_number:
            found = self._numbers.get(member_key(row.member_number))
            if found is not None:
                return found
        if row.provider_id:
            key = row.provider_id.strip().casefold()
            found = self._provider_ids.get(key) or self._numbers.get(member_key(key))
            if found is not None:
                return found
        return self._emails.get(email_key(row.email)) if row.email else None


def learner_key(source: str, row: ReportedLearner, name: str) -> str:
    """What makes two reported learners the same one to a person who decides: the surest of what the report says of them.

    An address comes with the name it was reported with, for two people may share it. A name alone is known in its own
    source only.
    """
    if row.provider_id:
        return f"id:{row.provider_id.strip().casefold()}"
    if row.member_number:
        return f"number:{member_key(row.member_number)}"
    if row.email:
        return f"email:{email_key(row.email)}|{plain_text(name)}"
    return f"name:{source}:{plain_text(name)}"


def course_name(row: ReportedCourse) -> str:
    """What makes two reported courses the same one: the provider's id, or failing that the text."""
    if row.course_id:
        return f"id:{course_key(row.course_id)}"
    return f"text:{course_key(row.course)}"


class FoundCourse(NamedTuple):
    id: int
    retired_on: date | None


class CourseFinder:
    """Every course by everything it is called."""

    def __init__(self, session: Session) -> None:
        self._by: dict[ReferenceKind, dict[str, FoundCourse | None]] = {kind: {} for kind in ReferenceKind}
        self._met: dict[tuple[str, str], FoundCourse | None] = {}
        rows = session.execute(
            select(CourseReference.kind, CourseReference.value, Course.id, Course.retired_on).join(
                Course, Course.id == CourseReference.course_id
            )
        )
        for kind, value, course_id, retired_on in rows:
            table = self._by[kind]
            table[value] = None if value in table else FoundCourse(course_id, retired_on)

    def find(self, row: ReportedCourse) -> FoundCourse | None:
        """The course a row means, or None."""
        said = (row.course_id, row.course)
        if said not in self._met:
            self._met[said] = self.named(row.course_id, kinds=(ReferenceKind.ID,)) or self.named(row.course)
        return self._met[said]

    def named(self, text: str, kinds: tuple[ReferenceKind, ...] = tuple(ReferenceKind)) -> FoundCourse | None:
        """The course of a code, id, slug or title, tried in that order; or of a provider's address."""
        key = course_key(text)
        if not key:
            return None
        for kind in kinds:
            if key in self._by[kind]:
                return self._by[kind][key]
        slug = slug_of(key)
        return self._by[ReferenceKind.SLUG].get(slug) if slug else None


class LocalFinder:
    """Finds locals by the spellings a file may use; an exact one wins."""

    def __init__(self, session: Session) -> None:
        self._exact: dict[str, int] = {}
        self._by_key: dict[str, list[int]] = {}
        for unit in session.scalars(select(Unit).where(Unit.kind == UnitKind.LOCAL)):
            self._exact[unit.number] = unit.id
            self._by_key.setdefault(unit.number_key, []).append(unit.id)

    def find(self, number: str) -> int | None:
        found = self._exact.get(number)
        if found is None:
            several = self._by_key.get(unit_key(number), ())
            found = several[0] if len(several) == 1 else None
        return found

    def why_not(self, number: str) -> str:
        if len(self._by_key.get(unit_key(number), ())) > 1:
            return "fits more than one local: write its number exactly as the union's file does"
        return "is not a local of the union: add it to the union's file and apply that, or correct the number"
