"""What administrators read, a page at a time: the users with their roles."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.paging import Page
from tracker.curriculum.keys import email_key
from tracker.curriculum.words import UnitKind
from tracker.models import Unit, User

_PAGE = 50


def users_page(session: Session, query: str, after: str = "") -> Page[User]:
    """Users by e-mail address, those whose address contains ``query``, from the one after ``after``."""
    wanted = select(User).where(User.email_key > after).order_by(User.email_key).limit(_PAGE + 1)
    if query:
        wanted = wanted.where(User.email_key.contains(email_key(query), autoescape=True))
    rows = list(session.scalars(wanted))
    return Page(rows[:_PAGE], rows[_PAGE - 1].email_key if len(rows) > _PAGE else None)


def every_user(session: Session) -> list[User]:
    """All users by e-mail address, for the operator."""
    return list(session.scalars(select(User).order_by(User.email_key)))


def role_units(session: Session) -> list[Unit]:
    """The units that an officer's role may be held in: locals, then districts, by number."""
    kinds = (UnitKind.LOCAL, UnitKind.DISTRICT)
    found = session.scalars(select(Unit).where(Unit.kind.in_(kinds)))
    return sorted(found, key=lambda unit: (kinds.index(unit.kind), len(unit.number_key), unit.number_key))


def units_of(session: Session, users: Iterable[User]) -> dict[int, Unit]:
    """The units that these users' roles are held in, by id."""
    ids = {grant.unit_id for user in users for grant in user.grants if grant.unit_id is not None}
    if not ids:
        return {}
    return {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(ids)))}
