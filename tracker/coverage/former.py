"""Under which ids a member was known before they were found to be one person."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import AuditEntry, Member


def all_ids_of(session: Session, member_id: int) -> tuple[int, ...]:
    """A member's own id, and those of everyone who was merged into them, also by way of another."""
    known = [member_id]
    for each in known:  # it grows while it is walked
        merges = select(AuditEntry.detail).where(AuditEntry.member_id == each, AuditEntry.action == "merge_members")
        gone = {int(detail["gone_id"]) for detail in session.scalars(merges) if str(detail.get("gone_id", "")).isdigit()}
        still = select(Member.member_id).where(Member.member_id.in_(gone), Member.merged_into_id == each)  # not undone
        known += [other for other in session.scalars(still) if other not in known] if gone else []
    return tuple(known)
