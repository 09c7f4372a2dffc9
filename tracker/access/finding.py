"""Find and authorise in one step: no page can hold a row that its reader may not see.

Every function returns the row or raises `NotFound`, in the same words whether it does not exist or is not the reader's.
"""

from __future__ import annotations

from datetime import date
from typing import NoReturn

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from tracker.access.roles import Reach
from tracker.coverage.finding import find_unit
from tracker.curriculum.words import UnitKind
from tracker.models import ApiClient, Member, Membership, RoleGrant, Unit, User


def unit_for(session: Session, reach: Reach, number: str, kind: UnitKind | None = None) -> Unit:
    """A unit whose figures the reader may see, of one kind if ``kind`` is given."""
    unit = find_unit(session, number)
    if unit is None or kind not in (None, unit.kind) or not reach.may_see_figures(unit.id):
        _not_found()
    return unit


def local_for(session: Session, reach: Reach, number: str) -> Unit:
    """A local whose figures the reader may see. Its members' names are a further question: `Reach.may_see_names`."""
    return unit_for(session, reach, number, UnitKind.LOCAL)


def unit_or_totals_for(session: Session, reach: Reach, number: str) -> Unit:
    """A unit whose figures, or at least totals, the reader may see: ask `Reach.totals_of` which before showing any."""
    unit = find_unit(session, number)
    if unit is None or not (reach.may_see_figures(unit.id) or reach.totals_of(unit.id)):
        _not_found()
    return unit


def member_for(session: Session, reach: Reach, member_id: int, day: date) -> Member:
    """A member whose record the reader may see: their own, or one who holds a card in a local of theirs on the day.

    A card that is yet to begin opens nothing: of a day to come, the reader's own day decides.

    Who was merged into another leads to that one, and may be seen by whoever may see that one.
    """
    member = session.scalar(select(Member).where(Member.member_id == member_id))
    while member is not None and member.merged_into_id is not None:
        member = session.scalar(select(Member).where(Member.member_id == member.merged_into_id))
    if member is None:
        _not_found()
    if reach.sees_all_units or reach.is_own_record(member.member_id):
        return member
    if not reach.locals_with_names:
        _not_found()
    day = min(day, reach.day)
    card = select(Membership.id).where(
        Membership.member_id == member.member_id,
        Membership.unit_id.in_(reach.locals_with_names),
        Membership.voided_at.is_(None),
        Membership.from_on <= day,
        or_(Membership.until_on.is_(None), Membership.until_on > day),
    )
    if session.scalar(card.limit(1)) is None:
        _not_found()
    return member


def user_for(session: Session, reach: Reach, user_id: int) -> User:
    """A sign-in, for an administrator."""
    user = session.get(User, user_id) if reach.is_admin else None
    if user is None:
        _not_found()
    return user


def grant_for(session: Session, reach: Reach, user_id: int, grant_id: int) -> RoleGrant:
    """A role of that very user, for an administrator."""
    user = user_for(session, reach, user_id)
    grant = next((each for each in user.grants if each.id == grant_id), None)
    if grant is None:
        _not_found()
    return grant


def client_for(session: Session, reach: Reach, its_id: int) -> ApiClient:
    """A program that sends statements, for administrators, staff and auditors. What it sent is for the latter two alone."""
    client = session.get(ApiClient, its_id) if reach.is_admin or reach.sees_all_units else None
    if client is None:
        _not_found()
    return client


def _not_found() -> NoReturn:
    raise NotFound
