"""What is a member's own to look at and to change, and nobody else's: not even the staff's."""

from __future__ import annotations

from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from tracker.access.roles import Reach
from tracker.coverage.proofs import proofs_of
from tracker.models import Proof


def own_proofs(session: Session, reach: Reach) -> list[Proof]:
    """The statements that this person made as a member, the newest first."""
    return proofs_of(session, reach.member_id) if reach.member_id is not None else []


def own_proof(session: Session, reach: Reach, its_id: int) -> Proof:
    """One of them, also when it answers no more."""
    found = next((each for each in own_proofs(session, reach) if each.id == its_id), None)
    if found is None:
        raise NotFound
    return found
