"""Whom the weekly roll-up goes to, and what it may hold: each reader's own units, as they may see them at that moment."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from tracker.access.roles import Reach, reach_of
from tracker.coverage.roll_up import UnitWeek, week_in
from tracker.curriculum.keys import email_key
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.words import Role, UnitKind
from tracker.models import RoleGrant, Unit, User

_OFFICERS = (Role.LOCAL_LEAD, Role.LOCAL_VIEWER, Role.DISTRICT_VIEWER)

Weeks = dict[tuple[int, bool, bool], UnitWeek]


class RollUp(NamedTuple):
    """What one officer is told."""

    user: User
    weeks: tuple[UnitWeek, ...]


def officers_on(session: Session, day: date) -> list[User]:
    """Everyone who looks after a local or a district on a day, and may sign in."""
    held = select(RoleGrant.user_id).where(
        RoleGrant.role.in_(_OFFICERS),
        RoleGrant.unit_id.is_not(None),
        RoleGrant.from_on <= day,
        or_(RoleGrant.until_on.is_(None), RoleGrant.until_on > day),
    )
    wanted = select(User).where(User.id.in_(held), User.is_active.is_(True)).order_by(User.id)
    return list(session.scalars(wanted.options(selectinload(User.grants)).execution_options(populate_existing=True)))


def may_still_read(session: Session, address: str, made_on: date, day: date) -> bool:
    """Whether whoever a roll-up was made for on a day may be sent it on a later one: they still sign in by that address, and
    none of the roles through which they saw what it tells has ended."""
    user = session.scalar(select(User).where(User.email_key == email_key(address)))
    if user is None or not user.is_active:
        return False
    told_through = [each for each in user.grants if each.role in _OFFICERS and each.holds_on(made_on)]
    return bool(told_through) and all(each.holds_on(day) for each in told_through)


def roll_up_for(session: Session, user: User, day: date, read: Weeks) -> RollUp | None:
    """A reader's roll-up; None where they look after no unit.

    Args:
        read: what was read for readers before: two who may see the same of a unit are told the same.
    """
    reach = reach_of(session, user, day)
    if not reach.own_units:
        return None
    units = session.scalars(select(Unit).where(Unit.id.in_(reach.own_units))).all()
    seen = [unit for unit in units if reach.may_see_figures(unit.id)]
    seen.sort(key=lambda unit: (unit.kind is not UnitKind.LOCAL, natural(unit.number)))
    return RollUp(user, tuple(_week(session, unit, day, reach, read) for unit in seen))


def _week(session: Session, unit: Unit, day: date, reach: Reach, read: Weeks) -> UnitWeek:
    key = (unit.id, unit.id in reach.locals_with_names, unit.id in reach.locals_led)
    if key not in read:
        read[key] = week_in(session, unit, day, with_names=key[1], with_work=key[2])
    return read[key]
