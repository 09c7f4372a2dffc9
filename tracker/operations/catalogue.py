"""The curriculum as its file says: courses mirrored, paths in immutable versions, nothing deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import current_world, facts_of
from tracker.curriculum.catalogue import Catalogue, CatalogueCourse, CataloguePath
from tracker.curriculum.keys import course_key, slug_of
from tracker.curriculum.paths import ChangePolicy
from tracker.models import (
    Assignment,
    Completion,
    Course,
    CourseReference,
    Equivalent,
    LearningPath,
    PathVersion,
    Principle,
    ReferenceKind,
    Section,
    SectionCourse,
    new_id,
)
from tracker.models.loading import in_chunks
from tracker.operations.actor import Actor
from tracker.operations.applied import apply_policy, keep_text
from tracker.operations.refused import Refused
from tracker.operations.standings import Refresh, StateChanges, rebuild


@dataclass
class CatalogueApplied:
    """What applying the file did, in sentences for people, and whom it touched."""

    changes: list[str] = field(default_factory=list)
    states: StateChanges = field(default_factory=StateChanges)
    courses_added: bool = False


def apply_catalogue(
    session: Session,
    catalogue: Catalogue,
    text: str,
    policy: str,
    actor: Actor,
    *,
    today: date,
    now: datetime,
) -> CatalogueApplied:
    """Make the curriculum what the file says, and restate everyone whose figures follow from it.

    A course or path that the file no longer names is retired on ``today``; what was completed stays. A path whose rules
    changed must carry a higher ``version`` and a ``change`` policy.

    Args:
        text: the file as it was read, kept.
        policy: ``policy.yaml``'s text, put in force with it.

    Raises:
        Refused: ``version_unchanged``, ``version_goes_back``, ``change_missing``, ``faulty_policy``. Nothing is applied.

    Needs ``writing(alone=True)``. Completions that waited for a course are settled by the door's next step,
    :func:`tracker.operations.completions.settle_waiting`.
    """
    applied = CatalogueApplied()
    _refuse_impossible_versions(session, catalogue)
    principles = _apply_principles(session, catalogue, applied)
    courses, restated = _apply_courses(session, catalogue, applied, today)
    judged = _apply_paths(session, catalogue, principles, courses, applied, actor, today=today, now=now)
    counts_otherwise = apply_policy(session, policy, actor, now)
    if counts_otherwise:
        applied.changes.append("policy: what counts has changed; every figure is counted anew")
    keep_text(session, "catalogue", text, actor, now)
    session.flush()
    if counts_otherwise:
        rebuild(session, today)
    elif restated or judged:
        _restate(session, restated, judged, applied, today)
    return applied


# --- Principles and courses ----------------------------------------------------------------------------------------


def _apply_principles(session: Session, catalogue: Catalogue, applied: CatalogueApplied) -> dict[str, int]:
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


def _apply_courses(
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
            if (row.minutes, row.valid_months) != (each.minutes, each.valid_months):
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


_COURSE_FIELDS = ("title", "provider", "url", "minutes", "language", "valid_months", "retired_on")


def _differences(row: Course, each: CatalogueCourse) -> list[str]:
    return [
        f"{name.replace('_', ' ')} {_shown(getattr(row, name))} → {_shown(getattr(each, name))}"
        for name in _COURSE_FIELDS
        if getattr(row, name) != getattr(each, name)
    ]


def _shown(value: object) -> str:
    return "none" if value in (None, "") else str(value)


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


def _apply_equivalents(
    session: Session, catalogue: Catalogue, ids: dict[str, int], applied: CatalogueApplied
) -> set[int]:
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
            Equivalent(
                id=new_id(), course_id=course_id, stands_for_id=stands_for_id, from_on=from_on, until_on=until_on
            )
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


# --- Paths ---------------------------------------------------------------------------------------------------------


def _refuse_impossible_versions(session: Session, catalogue: Catalogue) -> None:
    newest = _newest_versions(session)
    faults: list[str] = []
    codes: set[str] = set()
    for each in catalogue.paths:
        last = newest.get(each.code)
        if last is None or (each.version == last.number and each.rules == last.rules):
            continue
        where = f"line {each.line}: path {each.code}"
        if each.version == last.number:
            faults.append(
                f"{where} asks something else than version {last.number} did: give it version {last.number + 1} and say "
                "what happens to those already assigned with `change: keep`, `change: {grace: DATE}` or `change: require`"
            )
            codes.add("version_unchanged")
        elif each.version < last.number:
            faults.append(
                f"{where} is version {each.version}, but version {last.number} is published: a version is never taken "
                f"back; publish the older rules as version {last.number + 1}"
            )
            codes.add("version_goes_back")
        elif each.change is None:
            faults.append(
                f"{where} has a new version {each.version} and does not say what happens to those already assigned: add "
                "`change: keep`, `change: {grace: DATE}` or `change: require`"
            )
            codes.add("change_missing")
    if faults:
        raise Refused(min(codes), "The catalogue cannot be applied; nothing was changed.", faults=faults)


def _newest_versions(session: Session) -> dict[str, PathVersion]:
    newest: dict[str, PathVersion] = {}
    for version in session.scalars(select(PathVersion).order_by(PathVersion.number)):
        newest[session.get_one(LearningPath, version.path_id).code] = version
    return newest


def _apply_paths(
    session: Session,
    catalogue: Catalogue,
    principles: dict[str, int],
    courses: dict[str, int],
    applied: CatalogueApplied,
    actor: Actor,
    *,
    today: date,
    now: datetime,
) -> dict[int, date]:
    """Mirror the paths and publish their new versions.

    Returns:
        For each path with a new version, the day on which it tells: its first day, or its day of grace.
    """
    known = {row.code: row for row in session.scalars(select(LearningPath))}
    newest = _newest_versions(session)
    judged: dict[int, date] = {}
    for each in catalogue.paths:
        row = known.get(each.code)
        if row is None:
            row = known[each.code] = LearningPath(id=new_id(), code=each.code)
            session.add(row)
            applied.changes.append(f"path {each.code}: added, version {each.version}")
        wording: dict[str, Any] = {
            "title": each.title,
            "description": each.description,
            "url": each.url,
            "principle_id": principles[each.principle],
            "target": each.target,
            "retired_on": None,
        }
        last = newest.get(each.code)
        for name, value in wording.items():
            if last is not None and getattr(row, name) != value and name != "principle_id":
                applied.changes.append(f"path {each.code}: {name} {_shown(getattr(row, name))} → {_shown(value)}")
            setattr(row, name, value)
        session.flush()
        if last is None:
            _publish(session, row, each, courses, actor, now, from_on=None)
        elif each.version > last.number:
            from_on = each.from_on or today
            _publish(session, row, each, courses, actor, now, from_on=from_on)
            judged[row.id] = max(each.grace_on or from_on, from_on)
            applied.changes.append(
                f"path {each.code}: version {last.number} → {each.version} from {from_on}, {_policy_words(each)}"
            )
        else:
            _reword_sections(session, last, each, applied)
    named = {each.code for each in catalogue.paths}
    for code, row in known.items():
        if code not in named and row.retired_on is None:
            row.retired_on = today
            applied.changes.append(f"path {code}: no longer in the file, retired on {today}")
    session.flush()
    return judged


def _policy_words(each: CataloguePath) -> str:
    if each.change is ChangePolicy.GRACE:
        return f"all move on {each.grace_on}"
    return "all move" if each.change is ChangePolicy.REQUIRE else "who has begun stays on theirs"


def _publish(
    session: Session,
    path: LearningPath,
    each: CataloguePath,
    courses: dict[str, int],
    actor: Actor,
    now: datetime,
    *,
    from_on: date | None,
) -> None:
    version = PathVersion(
        id=new_id(),
        path_id=path.id,
        number=each.version,
        lookback_months=each.lookback_months,
        from_on=from_on,
        change=each.change or ChangePolicy.KEEP,
        grace_on=each.grace_on,
        rules=each.rules,
        applied_at=now,
        applied_by=actor.user_id,
    )
    session.add(version)
    session.flush()
    for position, part in enumerate(each.sections):
        section = Section(
            id=new_id(), version_id=version.id, position=position, title=part.title, need=part.need, number=part.number
        )
        session.add(section)
        session.flush()
        session.execute(
            insert(SectionCourse),
            [
                {"section_id": section.id, "course_id": courses[code], "position": place}
                for place, code in enumerate(part.courses)
            ],
        )


def _reword_sections(session: Session, version: PathVersion, each: CataloguePath, applied: CatalogueApplied) -> None:
    """Section titles are wording: they may change without a new version."""
    for section, part in zip(version.sections, each.sections, strict=True):
        if section.title != part.title:
            applied.changes.append(f"path {each.code}: section “{section.title}” → “{part.title}”")
            section.title = part.title


# --- Whom it touches -----------------------------------------------------------------------------------------------


def _restate(
    session: Session, restated: set[int], judged: dict[int, date], applied: CatalogueApplied, today: date
) -> None:
    """Refresh everyone assigned a path with a new version, or holding a course whose worth changed."""
    members: set[int] = set()
    if judged:
        members |= set(
            session.scalars(
                select(Assignment.member_id).where(Assignment.path_id.in_(judged), Assignment.voided_at.is_(None))
            )
        )
    if restated:
        members |= set(
            session.scalars(
                select(Completion.member_id).where(Completion.course_id.in_(restated), Completion.voided_at.is_(None))
            )
        )
    world = current_world(session)
    refresh = Refresh(session, world, today, judged=judged)
    people: Iterable[Any] = facts_of(session, world, members)
    for chunk in in_chunks(people, 2_000):
        refresh.take(dict(chunk))
    refresh.finish()
    applied.states = refresh.states
