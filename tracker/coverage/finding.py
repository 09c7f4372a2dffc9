"""A unit or a member, found however people write them. Whether the reader may see it is `access.finding`'s question."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key, member_key, unit_key
from tracker.curriculum.local_numbers import other_spelling
from tracker.models import Identifier, IdentifierKind, Member, Unit


def find_unit(session: Session, text: str) -> Unit | None:
    """The unit of that number. As the union's file spells it wins; another spelling finds it if only one unit fits."""
    exact = session.scalar(select(Unit).where(Unit.number == text.strip()))
    if exact is not None:
        return exact
    key = unit_key(text)
    if not key:
        return None
    for each in (key, other_spelling(key)):
        found = session.scalars(select(Unit).where(Unit.number_key == each).limit(2)).all()
        if found:
            return found[0] if len(found) == 1 else None
    return None


def find_member(session: Session, text: str) -> Member | None:
    """The member of that member number or e-mail address; None where two share it, for then it names nobody."""
    kind = IdentifierKind.EMAIL if "@" in text else IdentifierKind.NUMBER
    value = email_key(text) if kind is IdentifierKind.EMAIL else member_key(text)
    if not value:
        return None
    holders = (
        select(Member)
        .join(Identifier, Identifier.member_id == Member.member_id)
        .where(Identifier.kind == kind, Identifier.value == value)
        .limit(2)
    )
    found = session.scalars(holders).all()
    return found[0] if len(found) == 1 else None
