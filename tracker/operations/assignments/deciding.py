"""Deciding what becomes of due days that had passed before their members were asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader
from tracker.coverage.due_exceptions import late_rows
from tracker.curriculum.days import FOREVER
from tracker.curriculum.scope import open_until
from tracker.language import _, day, number
from tracker.models import AssignmentRule, new_ids
from tracker.models.loading import load, many_rows, stored_moment
from tracker.operations.actor import Actor
from tracker.operations.assignments.leaving import void
from tracker.operations.assignments.planning import MOST_DAYS
from tracker.operations.assignments.reaching import ASSIGNMENT_COLUMNS
from tracker.operations.audit import audit
from tracker.operations.own_record import own_members, refuse_own
from tracker.operations.refused import Refused, refuse_impossible_day
from tracker.operations.standings import refresh_standings


@dataclass(frozen=True)
class DueChoice:
    """Another day; or so many days from the day each was asked; or, with neither, no due day at all."""

    due_on: date | None = None
    within_days: int | None = None

    def day_for(self, assigned_on: date) -> date | None:
        """The due day of one who is asked since a day."""
        return assigned_on + timedelta(days=self.within_days) if self.within_days else self.due_on


@many_rows()
def decide_due_days(
    session: Session,
    rule: AssignmentRule,
    assignment_ids: Collection[int] | None,
    choice: DueChoice,
    reason: str,
    actor: Actor,
    *,
    today: date,
    now: datetime,
) -> int:
    """Decide the due day of a rule's assignments whose day could not be met. Each is recorded anew with the decided day,
    and keeps it whenever its card is corrected.

    Args:
        assignment_ids: None for all of the rule that wait, but one's own.

    Returns:
        Of how many members it was decided.

    Raises:
        Refused: ``two_due_dates``, ``due_has_passed``, ``too_many_days``, ``impossible_day``, ``already_decided`` (none of
            them waits any more), ``own_record``.

    Needs ``writing(alone=True)``.
    """
    _check(choice, today)
    rows = late_rows(session, rule.id, today, None if assignment_ids is None else sorted(assignment_ids))
    if assignment_ids is None:
        own = own_members(session, actor)
        rows = [row for row in rows if row[0] not in own]
    else:
        refuse_own(session, [row[0] for row in rows], actor)
    if not rows:
        raise Refused("already_decided", _("This was decided already: none of these due days waits any more."))
    read = FactReader(session, ())
    void(session, [(row[0], row[1]) for row in rows], "its due day was decided", actor, now)
    recorded_at = stored_moment(session, now)
    fresh = iter(new_ids(2 * len(rows)))
    assignments: list[tuple[object, ...]] = []
    decisions: list[tuple[object, ...]] = []
    for member, _id, path, version, kind, assigned, until, card, rule_until, card_until in rows:
        assigned_on = read.day(assigned)
        due_on = choice.day_for(assigned_on)
        natural = open_until(read.end(rule_until), read.end(card_until), None, rule.leaving)
        open_on = open_until(read.end(rule_until), read.end(card_until), due_on, rule.leaving)
        if read.end(until) < natural:  # a person ended it
            open_on = read.end(until)
        known = recorded_at, actor.user_id, None
        assignments.append(
            (
                *(member, next(fresh), path, version, kind, assigned_on, None if open_on == FOREVER else open_on),
                *(due_on, rule.id, card, *known),
            )
        )
        decisions.append((member, next(fresh), rule.id, card, due_on, reason.strip(), *known))
    load(session, "assignment", ASSIGNMENT_COLUMNS, assignments)
    load(session, "due_decision", _DECISION_COLUMNS, decisions)
    members = {row[0] for row in rows}
    refresh_standings(session, members, today)
    audit(
        session,
        actor,
        "decide_due_days",
        object_kind="assignment_rule",
        object_id=rule.id,
        member_id=next(iter(members)) if len(members) == 1 else None,
        detail={
            "due": choice.due_on.isoformat() if choice.due_on else None,
            "within_days": choice.within_days,
            "members": len(members),
            "reason": reason.strip(),
        },
        at=now,
    )
    return len(members)


_DECISION_COLUMNS = (
    *("member_id", "id", "rule_id", "membership_id", "due_on", "reason", "recorded_at", "recorded_by", "batch_id"),
)


def _check(choice: DueChoice, today: date) -> None:
    if choice.due_on is not None and choice.within_days is not None:
        raise Refused("two_due_dates", _("Give a due date or a number of days, not both."), field="due")
    if choice.due_on is not None:
        refuse_impossible_day(choice.due_on, "due")
        if choice.due_on < today:
            words = _("%(day)s has passed already: give a day that can be met.", day=day(choice.due_on))
            raise Refused("due_has_passed", words, field="due")
    if choice.within_days is not None and not 1 <= choice.within_days <= MOST_DAYS:
        words = _("Give 1 to %(most)s days.", most=number(MOST_DAYS))
        raise Refused("too_many_days", words, field="within_days")
