"""Principles, courses, what courses are found by, and what they stand for."""

from __future__ import annotations

from datetime import date

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from tracker.curriculum.catalogue import Catalogue, CatalogueCourse
from tracker.curriculum.keys import course_key, slug_of
from tracker.models import (
    Course,
    CourseReference,
    Equivalent,
    Principle,
    ReferenceKind,
    new_id,
)
from tracker.operations.catalogue.outcome import CatalogueApplied, shown


def apply_principles(session: Session, catalogue: Catalogue, applied: CatalogueApplied) -> dict[str, int]:
    known = {row.code: row for row in session.scalars(select(Principle))}
    for each in catalogue.principles:
        row = known.get(each.code)
        if row is None:
            row = known[each.code] = Principle(id=new_id(), code=each.code)
            session.add(row)
            applied.changes.append(f"principle {each.code}: added")
        row.number, row.title, row.text = each.number, each.title, each.text
    session.flush()
    return {code: row.id for code, row in known.items()}


def apply_courses(
    session: Session, catalogue: Catalogue, applied: CatalogueApplied, today: date
) -> tuple[dict[str, int], set[int]]:
    """Mirror the courses.

    Returns:
        Course ids by code, and the courses whose worth changed: their completions restate all days.
    """
    known = {row.code: row for row in session.scalars(select(Course))}
    restated: set[int] = set()
    for each in catalogue.courses:
        row = known.get(each.code)
        if row is None:
            row = known[each.code] = Course(id=new_id(), code=each.code)
            session.add(row)
            applied.changes.append(f"course {each.code}: added")
            applied.courses_added = True
        else:
            applied.changes += [f"course {each.code}: {change}" for change in _differences(row, each)]
            if any(getattr(row, name) != getattr(each, name) for name in _WORTH):
                restated.add(row.id)
        for name in _COURSE_FIELDS:
            setattr(row, name, getattr(each, name))
    session.flush()
    named = {each.code for each in catalogue.courses}
    for code, row in known.items():
        if code not in named and row.retired_on is None:
            row.retired_on = today
            applied.changes.append(f"course {code}: no longer in the file, retired on {today}")
    ids = {code: row.id for code, row in known.items()}
    for each in catalogue.courses:
        known[each.code].replaced_by_id = ids[each.replaced_by] if each.replaced_by else None
    session.flush()
    _apply_references(session, catalogue, ids, applied)
    restated |= _apply_equivalents(session, catalogue, ids, applied)
    return ids, restated


# What a completion comes to: a change restates all days.
_WORTH = ("minutes", "valid_months", "lapses_each", "renewal_days", "grace_days", "credit_hundredths", "credit_kind")
_COURSE_FIELDS = ("title", "provider", "url", "language", "retired_on", *_WORTH)


def _differences(row: Course, each: CatalogueCourse) -> list[str]:
    return [
        f"{_WORDS.get(name, name.replace('_', ' '))} {_shown(row, name)} → {_shown(each, name)}"
        for name in _COURSE_FIELDS
        if getattr(row, name) != getattr(each, name)
    ]


_WORDS = {"credit_hundredths": "credits"}  # as the file calls them


def _shown(course: Course | CatalogueCourse, name: str) -> str:
    value = getattr(course, name)
    return f"{value / 100:g}" if name == "credit_hundredths" and value else shown(value)


def _apply_references(session: Session, catalogue: Catalogue, ids: dict[str, int], applied: CatalogueApplied) -> None:
    """What each course is found by. A name once used still finds its course, unless the file gives it to another."""
    wanted: set[tuple[str, str, int]] = set()
    for each in catalogue.courses:
        course_id = ids[each.code]
        wanted.add((ReferenceKind.CODE, course_key(each.code), course_id))
        wanted |= {(ReferenceKind.ID, course_key(value), course_id) for value in each.ids}
        wanted |= {(ReferenceKind.TITLE, course_key(value), course_id) for value in (each.title, *each.titles)}
        slugs = {*each.slugs, *([slug] if (slug := slug_of(each.url)) else [])}
        wanted |= {(ReferenceKind.SLUG, course_key(value), course_id) for value in slugs}
    rows = session.execute(select(CourseReference.kind, CourseReference.value, CourseReference.course_id)).all()
    have = {(row.kind.value, row.value, row.course_id) for row in rows}
    named = {ids[each.code] for each in catalogue.courses}
    for kind, value, course_id in have - wanted:
        if course_id in named:
            session.execute(
                delete(CourseReference).where(
                    CourseReference.kind == kind, CourseReference.value == value, CourseReference.course_id == course_id
                )
            )
    new = [
        {"kind": kind, "value": value, "course_id": course_id}
        for kind, value, course_id in sorted(wanted)
        if (str(kind), value, course_id) not in have
    ]
    if new:
        session.execute(insert(CourseReference), new)
        applied.courses_added = True


def _apply_equivalents(session: Session, catalogue: Catalogue, ids: dict[str, int], applied: CatalogueApplied) -> set[int]:
    """Mirror the equivalents of the courses that the file names.

    Returns:
        The courses that stand for another otherwise than before.
    """
    wanted = {
        (ids[each.code], ids[rule.course], rule.from_on, rule.until_on)
        for each in catalogue.courses
        for rule in each.satisfies
    }
    named = {ids[each.code] for each in catalogue.courses}
    codes = {course_id: code for code, course_id in ids.items()}
    have = {
        (row.course_id, row.stands_for_id, row.from_on, row.until_on): row
        for row in session.scalars(select(Equivalent))
        if row.course_id in named
    }
    changed: set[int] = set()
    for key in wanted - have.keys():
        course_id, stands_for_id, from_on, until_on = key
        session.add(
            Equivalent(id=new_id(), course_id=course_id, stands_for_id=stands_for_id, from_on=from_on, until_on=until_on)
        )
        applied.changes.append(
            f"course {codes[course_id]}: now stands for {codes[stands_for_id]}{_bounds(from_on, until_on)}"
        )
        changed.add(course_id)
    for key in have.keys() - wanted:
        session.delete(have[key])
        applied.changes.append(f"course {codes[key[0]]}: no longer stands for {codes[key[1]]}{_bounds(key[2], key[3])}")
        changed.add(key[0])
    session.flush()
    return changed


def _bounds(from_on: date | None, until_on: date | None) -> str:
    return (f" from {from_on}" if from_on else "") + (f" until {until_on}" if until_on else "")
