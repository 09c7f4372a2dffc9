"""What a local's officers are told of someone who has left it: what was known while they could read their record.

`known_to` says it of one record; of the people of a list, `coverage.people_told` says the same for the `officer`.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from tracker.access.roles import Reach
from tracker.coverage.people_told import Officer
from tracker.coverage.why import cards_in


def known_to(session: Session, reach: Reach, member_id: int, day: date, known: date | None, today: date) -> date | None:
    """By the end of which day all that a reader is told of a member must have been recorded; None: whenever it was.

    Officers read their local's past. Where the member holds no card of theirs any more, nothing that was recorded after the
    day asked is of their local: neither what the member does elsewhere nor what is put right there.

    Args:
        day: the day whose truth is asked.
        known: by the end of which day it is asked as known; None: all that is known.
        today: the reader's day.
    """
    if reach.sees_all_units or reach.is_own_record(member_id):
        return known
    if cards_in(session, member_id, today, reach.locals_with_names):
        return known
    return min(known or day, day)


def officer(reach: Reach) -> Officer | None:
    """The reader of a list that names a local's members; None for whom every unit is open to."""
    return None if reach.sees_all_units else Officer(reach.locals_with_names, reach.member_id, reach.day)
