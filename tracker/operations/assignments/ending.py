"""Ending an assignment, or a rule with all of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from tracker.models import (
    Assignment,
    AssignmentRule,
    new_ids,
)
from tracker.models.loading import in_chunks, load, many_rows
from tracker.operations.actor import Actor
from tracker.operations.assignments.reaching import ASSIGNMENT_COLUMNS
from tracker.operations.audit import audit
from tracker.operations.own_record import refuse_own
from tracker.operations.refused import Refused, refuse_impossible_day
from tracker.operations.standings import refresh_standings


@many_rows()
def end_assignment(
    session: Session, chosen_id: int, on: date, reason: str, actor: Actor, *, today: date, now: datetime
) -> int:
    """End an assignment, or a rule and every assignment it made, on a day: from then on it asks no one.

    An end before the beginning leaves no day at all. The facts before stay as they were known: each ended assignment is
    voided and recorded again with its end.

    Returns:
        How many members are asked otherwise.

    Raises:
        Refused: ``impossible_day``, ``no_reason``, ``unknown_assignment``, ``already_ended``, ``own_record``.

    Needs ``writing(alone=True)``.
    """
    refuse_impossible_day(on, "on")
    if not reason.strip():
        raise Refused("no_reason", "Say why, in a few words.", field="reason")
    rule = session.get(AssignmentRule, chosen_id)
    if rule is not None:
        if rule.until_on is not None and rule.until_on <= on:
            raise Refused("already_ended", f"This rule ended on {rule.until_on} already.")
        rule.until_on = max(on, rule.from_on)
        which = Assignment.rule_id == rule.id
        session.flush()
    else:
        which = Assignment.id == chosen_id
    # a rule's assignments are found by rule, one by its id: both valid facts still open on the day
    open_ones = session.scalars(
        select(Assignment).where(
            which, Assignment.voided_at.is_(None), or_(Assignment.until_on.is_(None), Assignment.until_on > on)
        )
    ).all()
    if rule is None and not open_ones:
        known = session.scalar(select(Assignment.id).where(Assignment.id == chosen_id))
        if known is None:
            raise Refused("unknown_assignment", f"There is no assignment or rule {chosen_id}.")
        raise Refused("already_ended", f"Assignment {chosen_id} had ended by {on} already.")
    if rule is None:
        refuse_own(session, open_ones[0].member_id, actor)
    _record_ends(session, open_ones, on, reason, actor, now)
    members = {each.member_id for each in open_ones}
    refresh_standings(session, members, today)
    audit(
        session,
        actor,
        "end_assignment",
        object_kind="assignment_rule" if rule is not None else "assignment",
        object_id=chosen_id,
        member_id=None if rule is not None else open_ones[0].member_id,
        detail={"on": on.isoformat(), "reason": reason, "members": len(members)},
        at=now,
    )
    return len(members)


def _record_ends(
    session: Session, open_ones: Sequence[Assignment], on: date, reason: str, actor: Actor, now: datetime
) -> None:
    void = {"voided_at": now, "voided_by": actor.user_id, "void_reason": reason}
    for chunk in in_chunks(open_ones, 5_000):
        session.execute(
            update(Assignment)
            .where(Assignment.member_id.in_([each.member_id for each in chunk]), Assignment.id.in_([e.id for e in chunk]))
            .values(**void)
            .execution_options(synchronize_session=False)
        )
    ids = iter(new_ids(len(open_ones)))
    load(
        session,
        "assignment",
        ASSIGNMENT_COLUMNS,
        (
            (
                *(each.member_id, next(ids), each.path_id, each.version_id, each.kind.value, each.assigned_on),
                *(max(on, each.assigned_on), each.due_on, each.rule_id, each.membership_id, now, actor.user_id, None),
            )
            for each in open_ones
        ),
    )
