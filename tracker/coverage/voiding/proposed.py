"""Proposals to void: those that wait for a second person, and those that were decided."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.coverage.directory import user_names
from tracker.coverage.voiding.question import VoidQuestion, question_in_words
from tracker.models import Proposal

_MOST_PROPOSALS = 50


class ProposalLine(NamedTuple):
    """A proposal with what it asks in words, and who proposed and decided it."""

    proposal: Proposal
    words: str
    by: str
    decided_by: str


def proposals_waiting(session: Session) -> tuple[int, datetime | None]:
    """How many proposals wait for a second person, and since when the oldest."""
    count, oldest = session.execute(
        select(func.count(), func.min(Proposal.proposed_at)).where(Proposal.decided_at.is_(None))
    ).one()
    return count, oldest


def proposals(session: Session, *, is_open: bool) -> list[ProposalLine]:
    """Proposals to void: those that wait, the oldest first; or the last fifty that were decided, the newest first."""
    wanted = select(Proposal).where(Proposal.kind == "void")
    if is_open:
        wanted = wanted.where(Proposal.decided_at.is_(None)).order_by(Proposal.id)
    else:
        wanted = wanted.where(Proposal.decided_at.is_not(None)).order_by(Proposal.decided_at.desc()).limit(_MOST_PROPOSALS)
    return _lines(session, list(session.scalars(wanted)))


def proposal_line(session: Session, proposal_id: int) -> ProposalLine | None:
    """One proposal to void; None where there is none of that id."""
    found = session.get(Proposal, proposal_id)
    return _lines(session, [found])[0] if found is not None and found.kind == "void" else None


def _lines(session: Session, found: list[Proposal]) -> list[ProposalLine]:
    names = user_names(session, (by for each in found for by in (each.proposed_by, each.decided_by)))
    return [
        ProposalLine(
            each,
            question_in_words(session, VoidQuestion.from_json(each.question)),
            names[each.proposed_by],
            names[each.decided_by],
        )
        for each in found
    ]
