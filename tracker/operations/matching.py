"""Finding the member, the course and the local that a row means.

A learner is found by member number, then by an alias that the provider gave (an id confirmed for a member; failing that, the
same text as a member number), then by e-mail, then as a person recognised them. A value with two holders finds no one, and a
name never finds anyone. A course is found by the provider's id, or by a code, id, slug, address or exact title (two with one
title: by neither), then as a person recognised it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import course_key, email_key, member_key, plain_text, provider_course_key, slug_of, unit_key
from tracker.curriculum.local_numbers import other_spelling
from tracker.curriculum.words import UnitKind
from tracker.language import _
from tracker.models import Course, CourseAlias, CourseReference, IdentifierKind, ReferenceKind, Unit
from tracker.models.loading import in_chunks, read_rows


class ReportedLearner(Protocol):
    """What a row says of its learner."""

    @property
    def member_number(self) -> str: ...
    @property
    def provider_id(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def learner_name(self) -> str: ...


class ReportedCourse(Protocol):
    """What a row says of its course."""

    @property
    def course_id(self) -> str: ...
    @property
    def course(self) -> str: ...


class LearnerFinder:
    """What the union's members are known by, in memory: one read for a report of any length, some 60 MB for 168,000 members.

    Args:
        rows: the few rows that will be asked for; then only what they say is read.
    """

    def __init__(self, session: Session, rows: Iterable[ReportedLearner] | None = None) -> None:
        self._tables: dict[str, dict[str, int | None]] = {kind.value: {} for kind in IdentifierKind}
        self._numbers, self._provider_ids, self._emails, self._aliases = (
            self._tables[kind] for kind in (_KIND.NUMBER, _KIND.PROVIDER_ID, _KIND.EMAIL, _KIND.ALIAS)
        )
        if rows is None:
            self._take(read_rows(session, "SELECT kind, value, member_id FROM identifier"))
            self._strangers = {value for (value,) in read_rows(session, "SELECT value FROM stranger")}
            return
        values, keys = _said_by(rows)
        self._strangers = set()
        for chunk in in_chunks(sorted(values | keys), 5_000):
            marks = ", ".join("?" * len(chunk))
            # each kind is named, for the key begins with it
            sql = f"SELECT kind, value, member_id FROM identifier WHERE kind IN ({_KINDS}) AND value IN ({marks})"
            self._take(read_rows(session, sql, chunk))
            found = read_rows(session, f"SELECT value FROM stranger WHERE value IN ({marks})", chunk)
            self._strangers.update(value for (value,) in found)

    def _take(self, identifiers: Iterable[tuple[str, str, int]]) -> None:
        for kind, value, member_id in identifiers:
            table = self._tables[kind]
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
        if row.email:
            found = self._emails.get(email_key(row.email))
            if found is not None:
                return found
        return self._aliases.get(learner_key("", row, row.learner_name)) if self._aliases else None

    def is_stranger(self, row: ReportedLearner, source: str) -> bool:
        """Whether a person said of this learner: not one of ours."""
        return bool(self._strangers) and learner_key(source, row, row.learner_name) in self._strangers


_KIND = IdentifierKind
_KINDS = ", ".join(f"'{kind.value}'" for kind in IdentifierKind)


def _said_by(rows: Iterable[ReportedLearner]) -> tuple[set[str], set[str]]:
    """Every value by which these rows could find their member, and their keys."""
    values: set[str] = set()
    keys: set[str] = set()
    for row in rows:
        values |= {member_key(row.member_number), email_key(row.email)}
        values |= {row.provider_id.strip().casefold(), member_key(row.provider_id)}
        keys.add(learner_key("", row, row.learner_name))
    return values - {""}, keys


def matching_stamp(session: Session) -> tuple[object, ...]:
    """What matching depends on, in short: equal stamps, equal matches."""
    counts = (
        "SELECT count(*), max(recorded_at) FROM identifier",
        "SELECT count(*), max(recorded_at) FROM stranger",
        "SELECT count(*), max(recorded_at) FROM course_alias",
        "SELECT count(*), max(id) FROM applied_text",
    )
    return tuple(row for sql in counts for row in read_rows(session, sql))


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
        return f"id:{provider_course_key(row.course_id)}"
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
            table, found = self._by[kind], FoundCourse(course_id, retired_on)
            key = provider_course_key(value) if kind is ReferenceKind.ID else value
            table[key] = found if table.get(key, found) == found else None
        aliases = session.execute(
            select(CourseAlias.value, Course.id, Course.retired_on).outerjoin(Course, Course.id == CourseAlias.course_id)
        )
        self._aliases = {
            value: None if course_id is None else FoundCourse(course_id, retired_on)
            for value, course_id, retired_on in aliases
        }

    def find(self, row: ReportedCourse) -> FoundCourse | None:
        """The course a row means, or None."""
        said = (row.course_id, row.course)
        if said not in self._met:
            found = self.named(row.course_id, kinds=(ReferenceKind.ID,)) or self.named(row.course)
            self._met[said] = found or self._aliases.get(course_name(row))
        return self._met[said]

    def is_ignored(self, row: ReportedCourse) -> bool:
        """Whether a person said of this course: none of ours."""
        return self.find(row) is None and course_name(row) in self._aliases

    def named(self, text: str, kinds: tuple[ReferenceKind, ...] = tuple(ReferenceKind)) -> FoundCourse | None:
        """The course of a code, id, slug or title, tried in that order; or of a provider's address."""
        key = course_key(text)
        if not key:
            return None
        for kind in kinds:
            its_key = provider_course_key(text) if kind is ReferenceKind.ID else key
            if its_key in self._by[kind]:
                return self._by[kind][its_key]
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
            several = self._spelled(number)
            found = several[0] if len(several) == 1 else None
        return found

    def _spelled(self, number: str) -> list[int]:
        key = unit_key(number)
        return self._by_key.get(key) or self._by_key.get(other_spelling(key), [])

    def why_not(self, number: str) -> str:
        if len(self._spelled(number)) > 1:
            return _("fits more than one local: write its number exactly as the union’s file does")
        return _("is not a local of the union: add it to the union’s file and apply that, or correct the number")
