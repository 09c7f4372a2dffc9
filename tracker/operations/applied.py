"""Keeping each text that people reviewed and applied: what it said, when, and by whom."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.curriculum.policy import PolicyFaults, read_policy
from tracker.language import _
from tracker.models import AppliedText, new_id
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused


def keep_text(session: Session, kind: str, content: str, actor: Actor, now: datetime) -> bool:
    """Keep a text as the one in force. False where it is the one in force already."""
    newest = session.scalar(
        select(AppliedText.sha256).where(AppliedText.kind == kind).order_by(AppliedText.id.desc()).limit(1)
    )
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    if newest == sha256:
        return False
    text = AppliedText(id=new_id(), kind=kind, sha256=sha256, content=content, applied_at=now, applied_by=actor.user_id)
    session.add(text)
    session.flush()
    audit(session, actor, f"apply_{kind}", object_kind=kind, object_id=text.id, detail={"sha256": sha256}, at=now)
    return True


def apply_policy(session: Session, content: str, actor: Actor, now: datetime) -> bool:
    """Put a policy in force. True where it counts others than the one before: every standing is then to be rebuilt.

    Raises:
        Refused: ``faulty_policy``, with every fault.
    """
    before = session.scalar(
        select(AppliedText.content).where(AppliedText.kind == "policy").order_by(AppliedText.id.desc()).limit(1)
    )
    try:
        policy = read_policy(content)
    except PolicyFaults as broken:
        raise Refused("faulty_policy", _("The policy has faults; nothing was applied."), faults=broken.lines()) from None
    keep_text(session, "policy", content, actor, now)
    return before is not None and not read_policy(before).counts_like(policy)
