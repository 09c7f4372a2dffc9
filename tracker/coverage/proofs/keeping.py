"""The statements that members made: a member's own, and the one that an address names."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.coverage.former import all_ids_of
from tracker.models import Member, Membership, Proof

CODE_LENGTH = 27  # 130 random bits, then whether it tells the locals
_WITH_LOCALS = "1"
_DECEASED = "deceased"  # as the policy's statuses spell it


def tells_locals(code: str) -> bool:
    """Whether the statement of this code tells the member's locals: its last sign says so."""
    return code.endswith(_WITH_LOCALS)


def code_of(random: str, with_locals: bool) -> str:
    """The code of a new statement, from its random part."""
    return random + (_WITH_LOCALS if with_locals else "0")


def proofs_of(session: Session, member_id: int) -> list[Proof]:
    """Every statement that a member made, the newest first; also those made before they were found to be one person."""
    ids = all_ids_of(session, member_id)
    return list(session.scalars(select(Proof).where(Proof.member_id.in_(ids)).order_by(Proof.id.desc())))


def live_proof(session: Session, code: str, day: date) -> tuple[Proof, Member] | None:
    """The statement of that code, and who made it, if it answers on that day; None whatever the reason is."""
    if len(code) != CODE_LENGTH or not (code.isascii() and code.isalnum()):
        return None
    proof = session.scalar(select(Proof).where(Proof.code == code.lower()))
    if proof is None or proof.revoked_at is not None or proof.until_on <= day:
        return None
    member = session.get(Member, proof.member_id)
    while member is not None and member.merged_into_id is not None:
        member = session.get(Member, member.merged_into_id)
    return None if member is None or has_died(session, member) else (proof, member)


def has_died(session: Session, member: Member) -> bool:
    """Whether a card says so: then nobody could take the statement back any more."""
    said = select(Membership.id).where(
        Membership.member_id == member.member_id,
        Membership.voided_at.is_(None),
        func.lower(Membership.status) == _DECEASED,
    )
    return session.scalar(said.limit(1)) is not None
