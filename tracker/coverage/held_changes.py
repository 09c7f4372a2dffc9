"""What rosters ask for that waits for a person, because it could give an account away."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.coverage.paging import Page
from tracker.curriculum.keys import email_key
from tracker.models import Batch, HeldChange, Identifier, IdentifierKind, Member, User

_PAGE = 50


class HeldLine(NamedTuple):
    """A held change with whom it is about, where they sign in ("" where they do not), and the file that asks."""

    change: HeldChange
    member: Member
    signs_in_as: str
    batch: Batch
    others: list[Member]  # who is known by the same e-mail or number


def held_waiting(session: Session) -> tuple[int, datetime | None]:
    """How many changes are held, and since when the oldest."""
    count, oldest = session.execute(
        select(func.count(), func.min(HeldChange.recorded_at)).where(HeldChange.decided_at.is_(None))
    ).one()
    return count, oldest


def held_page(session: Session, after: int | None = None) -> Page[HeldLine]:
    """Held changes that nobody has decided, the oldest first."""
    wanted = select(HeldChange).where(HeldChange.decided_at.is_(None)).order_by(HeldChange.id).limit(_PAGE + 1)
    if after is not None:
        wanted = wanted.where(HeldChange.id > after)
    changes = list(session.scalars(wanted))
    lines = _lines(session, changes[:_PAGE])
    return Page(lines, str(changes[_PAGE - 1].id) if len(changes) > _PAGE else None)


def held_line(session: Session, held_id: int) -> HeldLine | None:
    """One held change, decided or not; None where there is none of that id."""
    change = session.get(HeldChange, held_id)
    return _lines(session, [change])[0] if change is not None else None


def _lines(session: Session, changes: list[HeldChange]) -> list[HeldLine]:
    emails = {email_key(change.after) for change in changes if change.what == "email"}
    holders: dict[str, set[int]] = {}
    for value, member_id in session.execute(
        select(Identifier.value, Identifier.member_id).where(
            Identifier.kind == IdentifierKind.EMAIL, Identifier.value.in_(emails)
        )
    ):
        holders.setdefault(value, set()).add(member_id)
    for user in session.scalars(select(User).where(User.email_key.in_(emails), User.member_id.is_not(None))):
        holders.setdefault(user.email_key, set()).add(user.member_id or 0)
    ids = {change.member_id for change in changes}.union(*holders.values())
    members = {member.member_id: member for member in session.scalars(select(Member).where(Member.member_id.in_(ids)))}
    batches = select(Batch).where(Batch.id.in_({change.batch_id for change in changes}))
    files = {batch.id: batch for batch in session.scalars(batches)}
    users = session.scalars(select(User).where(User.member_id.in_(ids)).order_by(User.id.desc()))
    sign_ins = {user.member_id: user.email for user in users}
    lines = []
    for change in changes:
        others = sorted(holders.get(email_key(change.after), set()) - {change.member_id}) if change.what == "email" else []
        lines.append(
            HeldLine(
                change,
                members[change.member_id],
                sign_ins.get(change.member_id, ""),
                files[change.batch_id],
                [members[other] for other in others if other in members],
            )
        )
    return lines
