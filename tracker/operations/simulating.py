"""What a catalogue would make of the curriculum, found out on a copy: nothing is written and nobody waits.

The copy holds the reviewed texts alone (courses, paths, units, policy), in memory, without a single member. The very act
that would apply the file is done to it, so a simulated curriculum is never another than the applied one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from tracker.coverage.applied_texts import text_in_force
from tracker.coverage.derivation import NothingApplied, World, world_as_known
from tracker.coverage.simulating.shapes import TriedCatalogue
from tracker.curriculum.catalogue import Catalogue, CataloguePath
from tracker.curriculum.paths import ChangePolicy
from tracker.models import (
    AppliedText,
    Base,
    Course,
    CourseReference,
    Equivalent,
    LearningPath,
    PathVersion,
    Principle,
    Section,
    SectionCourse,
    Unit,
    UnitClosure,
)
from tracker.operations.actor import OPERATOR
from tracker.operations.catalogue import CatalogueApplied, apply_catalogue

GRACE = timedelta(days=90)  # that a grace is taken to last where the file names no day

_COPIED = (
    Principle,
    Course,
    CourseReference,
    Equivalent,
    LearningPath,
    PathVersion,
    Section,
    SectionCourse,
    Unit,
    UnitClosure,
)


def tried_catalogue(session: Session, catalogue: Catalogue, *, today: date, now: datetime) -> TriedCatalogue:
    """What applying a catalogue today would make of the curriculum, under each change policy for its new versions.

    A grace ends on the day that the file names, or 90 days after the version's first day.

    Raises:
        NothingApplied: there is no curriculum yet.
        Refused: as applying it would be, but a missing ``change`` is no fault here.
    """
    policy, in_force = text_in_force(session, "policy"), text_in_force(session, "catalogue")
    if policy is None or in_force is None:
        raise NothingApplied("Nothing is applied yet, so there is nothing to compare with: run `tracker catalogue apply`.")
    numbers = _newest_numbers(session)
    new = {each.code for each in catalogue.paths if each.version > numbers.get(each.code, each.version)}
    after: dict[ChangePolicy, World] = {}
    with _copy(session) as scratch:
        before = world_as_known(scratch)
        filled = [
            replace(each, change=ChangePolicy.KEEP) if each.code in new and each.change is None else each
            for each in catalogue.paths
        ]
        applied = _applied(scratch, catalogue, filled, policy.content, today, now)
        paths = {path.code: path for path in scratch.scalars(select(LearningPath))}
        targets = {path.id: path.target for path in paths.values()}
        titles = {path.id: (path.code, path.title) for path in paths.values()}
        stated = {paths[each.code].id: each.change for each in catalogue.paths if each.code in new}
        scratch.rollback()
        for change in ChangePolicy:
            under = [_under(each, change, today) if each.code in new else each for each in catalogue.paths]
            _applied(scratch, catalogue, under, policy.content, today, now)
            after[change] = world_as_known(scratch)
            scratch.rollback()
    return TriedCatalogue(before, after, stated, targets, titles, applied.changes, applied.courses_added, in_force.id)


def _under(path: CataloguePath, change: ChangePolicy, today: date) -> CataloguePath:
    """The path with another word on those already asked for it."""
    if change is not ChangePolicy.GRACE:
        return replace(path, change=change, grace_on=None)
    first_day = path.from_on or today
    return replace(path, change=change, grace_on=path.grace_on or max(first_day, today) + GRACE)


def _applied(
    scratch: Session, catalogue: Catalogue, paths: list[CataloguePath], policy: str, today: date, now: datetime
) -> CatalogueApplied:
    """What applying the file with these paths did to the copy."""
    text = f"simulated at {now.isoformat()}"  # never the text in force, or the copy's world could be taken for the real one
    return apply_catalogue(scratch, replace(catalogue, paths=tuple(paths)), text, policy, OPERATOR, today=today, now=now)


def _newest_numbers(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(LearningPath.code, PathVersion.number).join(PathVersion, PathVersion.path_id == LearningPath.id)
    )
    numbers: dict[str, int] = {}
    for code, number in rows:
        numbers[code] = max(number, numbers.get(code, 0))
    return numbers


@contextmanager
def _copy(session: Session) -> Iterator[Session]:
    """The reviewed texts in a database of their own, in memory."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            if driver is not None:
                driver.execute("PRAGMA foreign_keys=OFF")  # rows come in no order, and every one of them is there in the end
        Base.metadata.create_all(engine)
        with engine.begin() as copy:
            for model in _COPIED:
                rows = [dict(row) for row in session.execute(select(model.__table__)).mappings()]
                if rows:
                    copy.execute(insert(model), rows)
            for kind in ("catalogue", "policy"):
                text = text_in_force(session, kind)
                if text is not None:
                    columns = {column.name: getattr(text, column.name) for column in AppliedText.__table__.columns}
                    copy.execute(insert(AppliedText), [columns])
        with Session(engine) as scratch:
            yield scratch
    finally:
        engine.dispose()
