"""Taking back what was asked a short while ago, as if it had never been asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import Assignment, AssignmentRule, DueDecision
from tracker.models.loading import many_rows
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.own_record import refuse_own
from tracker.operations.refused import Refused
from tracker.operations.standings import refresh_standings

UNDO_WITHIN = timedelta(hours=24)


@many_rows()
def undo_rule(session: Session, rule: AssignmentRule, actor: Actor, *, today: date, now: datetime) -> int:
    """Take a rule back, with all that it asked: the figures of every day are as if it had never been made.

    Returns:
        How many members are asked no more by it.

    Raises:
        Refused: ``already_undone``, ``too_late_to_undo``.

    Needs ``writing(alone=True)``.
    """
    if rule.undone_at is not None:
        raise Refused("already_undone", _("This rule was undone already."))
    if now - rule.recorded_at >= UNDO_WITHIN:
        raise Refused(
            "too_late_to_undo",
            _("A rule can be undone for 24 hours; this one is older. End it instead: from a day you give, it asks no one."),
        )
    rule.undone_at, rule.undone_by = now, actor.user_id
    rule.until_on = rule.from_on  # it asks on no day, whoever looks
    session.flush()
    members = set(
        session.scalars(
            select(Assignment.member_id).where(Assignment.rule_id == rule.id, Assignment.voided_at.is_(None)).distinct()
        )
    )
    values = {"voided_at": now, "voided_by": actor.user_id, "void_reason": "the rule was undone"}
    for model in (Assignment, DueDecision):
        session.execute(
            update(model)
            .where(model.rule_id == rule.id, model.voided_at.is_(None))
            .values(**values)
            .execution_options(synchronize_session=False)
        )
    refresh_standings(session, members, today)
    audit(
        session,
        actor,
        "undo_assignment",
        object_kind="assignment_rule",
        object_id=rule.id,
        detail={"members": len(members)},
        at=now,
    )
    return len(members)


def undo_by_name(session: Session, assignment: Assignment, actor: Actor, *, now: datetime) -> None:
    """Take back what one member was asked by name.

    Raises:
        Refused: ``already_undone``, ``too_late_to_undo``, ``not_by_name`` (a rule asks it, or it was recorded anew since),
            ``own_record``.
    """
    refuse_own(session, assignment.member_id, actor)
    if assignment.voided_at is not None:
        raise Refused("already_undone", _("This assignment was undone already."))
    if assignment.rule_id is not None or not is_first_recording(session, assignment):
        raise Refused(
            "not_by_name", _("This assignment was changed since it was made. End it instead, from a day you give.")
        )
    if now - assignment.recorded_at >= UNDO_WITHIN:
        raise Refused(
            "too_late_to_undo",
            _("An assignment can be undone for 24 hours, and this one is older. End it instead, from a day you give."),
        )
    assignment.voided_at, assignment.voided_by, assignment.void_reason = now, actor.user_id, "it was undone"
    session.flush()
    refresh_standings(session, [assignment.member_id])
    audit(
        session,
        actor,
        "undo_assignment",
        object_kind="assignment",
        object_id=assignment.id,
        member_id=assignment.member_id,
        detail={},
        at=now,
    )


def is_first_recording(session: Session, assignment: Assignment) -> bool:
    """Whether it was made so, and not recorded anew when it was ended, or its member was merged into another."""
    if assignment.batch_id is not None:
        return False
    before = select(Assignment.id).where(
        Assignment.member_id == assignment.member_id,
        Assignment.path_id == assignment.path_id,
        Assignment.kind == assignment.kind,
        Assignment.assigned_on == assignment.assigned_on,
        Assignment.rule_id.is_(None),
        Assignment.voided_at == assignment.recorded_at,
    )
    return session.scalar(before.limit(1)) is None
