"""Whom of a local's people a list may name to its officers, and as of when: its past as it was known, nobody yet to come."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker.coverage.figures import is_restated_since, listed
from tracker.coverage.people import PersonHere, people_here
from tracker.models import Unit
from tracker.models.loading import read_rows


class Officer(NamedTuple):
    """Who reads the names of the members of some locals, on a day."""

    locals: Collection[int]
    own: int | None  # the member they are themselves, of whom they are told everything
    today: date


def people_told(
    session: Session,
    people: Sequence[PersonHere],
    unit: Unit,
    path_id: int,
    day: date,
    known: date | None,
    officer: Officer | None,
) -> list[PersonHere]:
    """These people of a local as a list may name them: what it tells of one is what that one's record tells this reader.

    Of a past day, whoever holds no card in the officer's locals any more stands where they were known to stand on that day;
    of a day to come, whoever holds none yet is left out. The figures count them all, so a list may not add up to them.

    Args:
        people: everyone, as :func:`people_here` gives them for this unit, path and day, as ``known``.
        officer: who reads; None: someone to whom every unit is open.
    """
    if officer is None or day == officer.today or (day < officer.today and known is not None and known <= day):
        return [*people]
    held = holders(session, officer)
    mine = [person for person in people if person.member_id in held]
    if day > officer.today:
        return mine
    if len(mine) == len(people) or not is_restated_since(session, day):
        return [*people]
    gone = {person.member_id for person in people} - held
    then = people_here(session, unit, path_id, day, day, among=gone)
    for person in then:
        person.known = day
    return sorted((*mine, *then), key=lambda person: (person.name_key, person.member_id))


def holders(session: Session, officer: Officer) -> set[int]:
    """Who holds a card in an officer's locals on their day, and the officer."""
    sql = (
        f"SELECT DISTINCT c.member_id FROM membership c WHERE c.unit_id IN ({listed(officer.locals)})"
        " AND c.voided_at IS NULL AND c.from_on <= ? AND (c.until_on IS NULL OR c.until_on > ?)"
    )
    held = {member for (member,) in read_rows(session, sql, [officer.today, officer.today])}
    return held if officer.own is None else held | {officer.own}
