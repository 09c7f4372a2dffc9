"""What administrators and auditors read: the users with their roles, and the audit trail, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.paging import Page
from tracker.curriculum.keys import email_key
from tracker.models import AuditEntry, Unit, User

_PAGE = 50


class AuditLine(NamedTuple):
    """An entry with what its ids mean to people."""

    entry: AuditEntry
    actor_email: str | None
    unit: Unit | None


def users_page(session: Session, query: str, after: str = "") -> Page[User]:
    """Users by e-mail address, those whose address contains ``query``, from the one after ``after``."""
    wanted = select(User).where(User.email_key > after).order_by(User.email_key).limit(_PAGE + 1)
    if query:
        wanted = wanted.where(User.email_key.contains(email_key(query), autoescape=True))
    rows = list(session.scalars(wanted))
    return Page(rows[:_PAGE], rows[_PAGE - 1].email_key if len(rows) > _PAGE else None)


def units_of(session: Session, users: Iterable[User]) -> dict[int, Unit]:
    """The units that these users' roles are held in, by id."""
    ids = {grant.unit_id for user in users for grant in user.grants if grant.unit_id is not None}
    if not ids:
        return {}
    return {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(ids)))}


def audit_page(session: Session, action: str, before: int | None = None) -> Page[AuditLine]:
    """The audit trail, newest first: of one action if ``action`` names it, from the entry before ``before``."""
    wanted = (
        select(AuditEntry, User.email, Unit)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .outerjoin(Unit, Unit.id == AuditEntry.unit_id)
        .order_by(AuditEntry.id.desc())
        .limit(_PAGE + 1)
    )
    if action:
        wanted = wanted.where(AuditEntry.action == action)
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    rows = [AuditLine(*row) for row in session.execute(wanted)]
    return Page(rows[:_PAGE], str(rows[_PAGE - 1].entry.id) if len(rows) > _PAGE else None)
