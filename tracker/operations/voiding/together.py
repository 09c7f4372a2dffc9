"""Voiding one completion, and with it what else says the same of that day."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from tracker.coverage.voiding import said_alike
from tracker.models import Completion
from tracker.operations.actor import Actor
from tracker.operations.completions import void_completion
from tracker.operations.own_record import refuse_own


def void_together(
    session: Session, completion: Completion, reason: str, actor: Actor, *, also_same_day: bool, now: datetime
) -> int:
    """Take a completion out of every figure, with the reason, and the other records of the same course and day if asked.

    Returns:
        How many were voided.

    Raises:
        Refused: ``own_record``, and what `void_completion` refuses.
    """
    refuse_own(session, completion.member_id, actor)
    void_completion(session, completion, reason, actor, now=now)
    others = said_alike(session, completion) if also_same_day else []
    for other in others:
        void_completion(session, other, reason, actor, now=now)
    return 1 + len(others)
