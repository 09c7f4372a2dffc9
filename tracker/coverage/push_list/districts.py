"""How many calls each local of a district needs to reach a target: counts, and no names."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.heatmap import locals_under
from tracker.coverage.push_list.reading import push_list
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.words import Assurance
from tracker.models import LearningPath, Unit

AN_HOUR = 60  # minutes


class LocalCalls(NamedTuple):
    """How many calls one local needs."""

    unit: Unit
    in_scope: int
    covered: int
    needed: int
    waiting: int  # of the needed: only wait for review
    within_an_hour: int  # of the needed, those who only wait among them
    minutes: int  # of all of them together
    is_enough: bool


def calls_by_local(
    session: Session,
    district: Unit,
    path: LearningPath,
    *,
    as_of: date,
    known: date | None,
    floor: Assurance,
    target: float,
) -> list[LocalCalls]:
    """How many calls each local of a district needs to reach a target; those with no one in scope are left out."""
    ids = locals_under(session, {district.id})[district.id]
    units = sorted(session.scalars(select(Unit).where(Unit.id.in_(ids))), key=lambda unit: natural(unit.number))
    lines = []
    for unit in units:
        found = push_list(session, unit, path, as_of=as_of, known=known, floor=floor, target=target)
        if found.in_scope:
            minutes = sum(each.remaining.minutes for each in found.push.chosen)
            lines.append(
                LocalCalls(
                    *(unit, found.in_scope, found.covered, found.push.needed, len(found.push.waiting)),
                    *(found.within(AN_HOUR), minutes, found.push.is_enough),
                )
            )
    return lines
