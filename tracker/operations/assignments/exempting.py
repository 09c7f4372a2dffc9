"""Excusing a member from a path."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import (
    Exemption,
    LearningPath,
    Member,
    Unit,
    new_id,
)
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused, refuse_impossible_day
from tracker.operations.standings import refresh_standings


def exempt_member(
    session: Session,
    member: Member,
    path: LearningPath,
    *,
    reason: str,
    from_on: date,
    until_on: date | None,
    unit: Unit | None,
    actor: Actor,
    now: datetime,
) -> Exemption:
    """Excuse a member from a path for a time, everywhere or on the cards under one unit.

    Raises:
        Refused: ``no_reason``, ``backward_span``, ``impossible_day``, ``already_exempt``.
    """
    if not reason.strip():
        raise Refused("no_reason", "Say why, in a few words.", field="reason")
    if until_on is not None and until_on <= from_on:
        raise Refused("backward_span", f"It would end on {until_on}, not after it begins on {from_on}.", field="until")
    refuse_impossible_day(from_on, "from")
    if until_on is not None:
        refuse_impossible_day(until_on, "until")
    lock_member(session, member.member_id)
    same = session.scalar(
        select(Exemption.id).where(
            Exemption.member_id == member.member_id,
            Exemption.path_id == path.id,
            Exemption.unit_id.is_not_distinct_from(unit.id if unit else None),
            Exemption.from_on == from_on,
            Exemption.until_on.is_not_distinct_from(until_on),
            Exemption.voided_at.is_(None),
        )
    )
    if same is not None:
        raise Refused("already_exempt", f"They are exempt from {path.title} for exactly these days already.", field="from")
    exemption = Exemption(
        member_id=member.member_id,
        id=new_id(),
        path_id=path.id,
        unit_id=unit.id if unit else None,
        reason=reason.strip(),
        approved_by=actor.user_id,
        from_on=from_on,
        until_on=until_on,
        recorded_at=now,
        recorded_by=actor.user_id,
    )
    session.add(exemption)
    session.flush()
    refresh_standings(session, [member.member_id])
    audit(
        session,
        actor,
        "exempt_member",
        object_kind="exemption",
        object_id=exemption.id,
        member_id=member.member_id,
        unit_id=unit.id if unit else None,
        detail={
            "path": path.code,
            "reason": reason.strip(),
            "from": from_on.isoformat(),
            "until": until_on.isoformat() if until_on else None,
        },
        at=now,
    )
    return exemption
