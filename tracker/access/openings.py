"""Through which role and which local a person sees another's record: what an opening is noted with."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.roles import Reach
from tracker.curriculum.words import Role
from tracker.models import Membership


def unit_through(session: Session, reach: Reach, member_id: int) -> int | None:
    """The local through which an officer sees a member: the one whose card began last."""
    if reach.sees_all_units or not reach.locals_with_names:
        return None
    cards = select(Membership.unit_id).where(
        Membership.member_id == member_id,
        Membership.unit_id.in_(reach.locals_with_names),
        Membership.voided_at.is_(None),
    )
    return session.scalar(cards.order_by(Membership.from_on.desc()).limit(1))


def role_through(reach: Reach, unit_id: int | None) -> Role:
    """The role through which somebody sees it."""
    if Role.STAFF in reach.roles:
        return Role.STAFF
    if Role.AUDITOR in reach.roles:
        return Role.AUDITOR
    if unit_id in reach.locals_led:
        return Role.LOCAL_LEAD
    order = [Role.LOCAL_LEAD, Role.LOCAL_VIEWER, Role.DISTRICT_VIEWER, Role.ADMIN, Role.MEMBER]
    if unit_id in reach.locals_with_names:
        order.remove(Role.LOCAL_LEAD)  # they lead another local, not this one
    return next(each for each in order if each in reach.roles)
