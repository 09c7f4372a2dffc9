"""Why a member is in a state on a path: one sentence, and of what asks them only what the reader may see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.records import PathRecord
from tracker.coverage.records.asking import held_on, valid
from tracker.coverage.records.shapes import Reason
from tracker.curriculum.days import FOREVER
from tracker.curriculum.states import State
from tracker.curriculum.words import Assurance
from tracker.models import Assignment, Membership, Unit


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


def reasons_through(
    session: Session,
    member_id: int,
    reasons: Sequence[Reason],
    unit_ids: Collection[int] | None,
    known_at: datetime | None = None,
) -> tuple[Reason, ...]:
    """Of the reasons that ask a member for a path, those that reach a card in these units; None for all.

    What another local asks of its own members is not this local's to read.
    """
    if unit_ids is None:
        return tuple(reasons)
    rows = session.execute(
        select(Assignment.id, Assignment.rule_id, Membership.unit_id)
        .outerjoin(Membership, (Membership.member_id == Assignment.member_id) & (Membership.id == Assignment.membership_id))
        .where(Assignment.member_id == member_id, valid(Assignment, known_at))
    ).all()
    here = {row.rule_id for row in rows if row.rule_id is not None and row.unit_id in unit_ids}
    seen = {row.id for row in rows if row.rule_id is None or row.rule_id in here}
    return tuple(reason for reason in reasons if reason.assignment_id in seen)


def why(name: str, record: PathRecord, reasons: Sequence[Reason], floor: Assurance) -> str:
    """One sentence: the state, and what makes it so."""
    progress = record.progress
    needed, counting = progress.needed, (progress.claimed, progress.reviewed, progress.provider)[floor - 1]
    so_far = f"{counting} of {needed} courses {'counts' if counting == 1 else 'count'}"
    due = f", due {_day(record.due_on)}" if record.due_on else ""
    match record.state:
        case State.EXEMPT:
            return f"{name} is exempt: nothing is asked of them on this path on this day."
        case State.COMPLETE | State.BY_EQUIVALENT | State.EXPIRING:
            how = ", one or more by a course that stands for another" if record.state is State.BY_EQUIVALENT else ""
            until = f" until {_day(record.until_on)}, when it lapses" if record.until_on != FOREVER else ""
            sentence = f"{name} holds this path complete{how}{until}"
        case State.UNDER_REVIEW:
            sentence = f"{name} has logged all it takes; {so_far} so far, and the rest waits for review"
        case State.EXPIRED:
            sentence = f"{name} held this path, and it has lapsed: {so_far}{due}"
        case State.OVERDUE:
            sentence = f"{name} had until {_day(record.due_on)}: {so_far}"
        case State.DUE_SOON:
            sentence = f"{name} has until {_day(record.due_on)}: {so_far}"
        case State.IN_PROGRESS:
            sentence = f"{name} has begun: {so_far}{due}"
        case _:
            sentence = f"{name} has not begun{due}"
    if not any(reason.asks for reason in reasons):
        return f"{sentence}. No one asks it of them here on this day."
    return f"{sentence}."


def _day(on: date | None) -> str:
    return f"{on.day} {on:%B %Y}" if on else ""
