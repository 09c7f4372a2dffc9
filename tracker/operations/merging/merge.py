"""What the steps of one merge share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from tracker.models import Batch, BatchChange, Member, new_id
from tracker.operations.actor import Actor

KIND = "merge"  # of its batch


@dataclass
class Merged:
    """What merging did: facts by table, those that the kept member has now and those that they had already."""

    batch_id: int
    moved: Counter[str] = field(default_factory=Counter)
    together: Counter[str] = field(default_factory=Counter)
    settled: int = 0  # waiting rows that found their member by it
    sign_ins: list[str] = field(default_factory=list)  # what became of sign-ins, in sentences


@dataclass
class Merge:
    """One merge on its way."""

    session: Session
    keep: Member
    gone: Member
    batch: Batch
    actor: Actor
    today: date
    now: datetime
    merged: Merged

    def note(self, member: Member, what: str, before: str, after: str) -> None:
        """Keep what changed that is no fact, for undoing: the last is taken back first."""
        change = BatchChange(
            id=new_id(),
            batch_id=self.batch.id,
            member_id=member.member_id,
            line=0,
            what=what,
            before=before,
            after=after,
        )
        self.session.add(change)
