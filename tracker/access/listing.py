"""What administrators and auditors read: the users with their roles, and the audit trail, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.paging import Page
from tracker.curriculum.keys import email_key
from tracker.curriculum.words import UnitKind
from tracker.models import AuditEntry, Unit, User

_PAGE = 50


# What an administrator may read in full: entries about signing in, about mail, and about what is in force for everyone. The
# rest tells of people's learning, which is not theirs to read: of it they see who did what, and when.
_NOT_LEARNING = frozenset(
    {"user", "client", "sign_in_link", "notice", "notice_stop", "units", "union", "catalogue", "policy", "import_profile"}
)


class AuditLine(NamedTuple):
    """An entry with what its ids mean to people, and as much of its details as its reader may see."""

    entry: AuditEntry
    actor_email: str | None
    unit: Unit | None
    detail: Mapping[str, Any]
    is_withheld: bool  # there are details, for others to read


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


def audit_page(session: Session, action: str, before: int | None = None, *, with_learning: bool = True) -> Page[AuditLine]:
    """The audit trail, newest first: of one action if ``action`` names it, from the entry before ``before``.

    Args:
        with_learning: whether its reader may see what the entries say about people's learning.
    """
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
    rows = [_audit_line(*row, with_learning=with_learning) for row in session.execute(wanted)]
    return Page(rows[:_PAGE], str(rows[_PAGE - 1].entry.id) if len(rows) > _PAGE else None)


def _audit_line(entry: AuditEntry, actor_email: str | None, unit: Unit | None, *, with_learning: bool) -> AuditLine:
    detail = entry.detail or {}
    is_open = with_learning or entry.object_kind in _NOT_LEARNING
    return AuditLine(entry, actor_email, unit, detail if is_open else {}, is_withheld=bool(detail) and not is_open)
