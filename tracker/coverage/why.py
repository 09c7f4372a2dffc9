"""Why a member is in a state on a path: one sentence; and the cards that the reader may see."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker.coverage.records import PathRecord
from tracker.coverage.records.asking import held_on
from tracker.coverage.saying import plain_day
from tracker.curriculum.days import FOREVER
from tracker.curriculum.states import State
from tracker.curriculum.words import Assurance
from tracker.language import _, ngettext, number
from tracker.models import Membership, Unit


class CardSeen(NamedTuple):
    """A card that the reader may see."""

    unit: Unit
    craft: str
    status: str


def cards_in(
    session: Session, member_id: int, day: date, unit_ids: Collection[int] | None, known_at: datetime | None = None
) -> list[CardSeen]:
    """The cards that a member holds on a day, in these units; None for all."""
    wanted = held_on(member_id, day, known_at)
    if unit_ids is not None:
        wanted = wanted.where(Membership.unit_id.in_(unit_ids))
    return [CardSeen(unit, craft, card.status) for card, unit, craft in session.execute(wanted)]


def why(name: str, record: PathRecord, floor: Assurance) -> str:
    """The state, and what makes it so: a sentence, and another where nothing asks it of them here."""
    said = _state(name, record, floor)
    if record.state is not State.EXEMPT and not record.asking:
        return " ".join([said, _("No one asks it of them here on this day.")])
    return said


def _state(name: str, record: PathRecord, floor: Assurance) -> str:
    due = _day(record.due_on)
    until = _day(record.until_on) if record.until_on != FOREVER else ""
    match record.state:
        case State.EXEMPT:
            return _("%(name)s is exempt: nothing is asked of them on this path on this day.", name=name)
        case State.BY_EQUIVALENT if until:
            return _(
                "%(name)s holds this path complete, one or more by a course that stands for another until %(day)s, when it"
                " lapses.",
                name=name,
                day=until,
            )
        case State.BY_EQUIVALENT:
            return _("%(name)s holds this path complete, one or more by a course that stands for another.", name=name)
        case State.COMPLETE | State.EXPIRING if until:
            return _("%(name)s holds this path complete until %(day)s, when it lapses.", name=name, day=until)
        case State.COMPLETE | State.EXPIRING:
            return _("%(name)s holds this path complete.", name=name)
        case State.NOT_STARTED if due:
            return _("%(name)s has not begun, due %(day)s.", name=name, day=due)
        case State.NOT_STARTED:
            return _("%(name)s has not begun.", name=name)
    values = {"name": name, "so_far": _so_far(record, floor), "day": due}
    match record.state:
        case State.UNDER_REVIEW:
            return _("%(name)s has logged all it takes; %(so_far)s so far, and the rest waits for review.", **values)
        case State.OVERDUE:
            return _("%(name)s had until %(day)s: %(so_far)s.", **values)
        case State.DUE_SOON:
            return _("%(name)s has until %(day)s: %(so_far)s.", **values)
        case State.EXPIRED if due:
            return _("%(name)s held this path, and it has lapsed: %(so_far)s, due %(day)s.", **values)
        case State.EXPIRED:
            return _("%(name)s held this path, and it has lapsed: %(so_far)s.", **values)
    if due:
        return _("%(name)s has begun: %(so_far)s, due %(day)s.", **values)
    return _("%(name)s has begun: %(so_far)s.", **values)


def _so_far(record: PathRecord, floor: Assurance) -> str:
    """``2 of 3 courses count``."""
    progress = record.progress
    counting = (progress.claimed, progress.reviewed, progress.provider)[floor - 1]
    return ngettext(
        "%(n)s of %(needed)s courses counts", "%(n)s of %(needed)s courses count", counting, needed=number(progress.needed)
    )


def _day(on: date | None) -> str:
    return plain_day(on) if on else ""
