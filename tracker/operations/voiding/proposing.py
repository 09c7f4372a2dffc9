"""Proposing to void many completions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.voiding import MOST_VOIDED, VoidQuestion, count_of
from tracker.language import _, number
from tracker.models import Proposal, new_id
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused

VOID = "void"
_LONGEST_REASON = 200


def propose_void(session: Session, question: VoidQuestion, reason: str, actor: Actor, now: datetime) -> Proposal:
    """Prepare the voiding of many completions, for somebody else to confirm. Nothing is voided yet.

    Raises:
        Refused: ``no_reason``, ``long_reason``, ``unbounded``, ``backward_span``, ``nothing_found``, ``too_many``,
            ``already_proposed``.
    """
    assert actor.user_id is not None
    if not reason.strip():
        raise Refused("no_reason", _("Say why, in a few words: the members read it."), field="reason")
    if len(reason.strip()) > _LONGEST_REASON:
        raise Refused("long_reason", _("Keep the reason to 200 characters."), field="reason")
    found = refuse_question(session, question, now)
    same = [
        each
        for each in session.scalars(select(Proposal).where(Proposal.kind == VOID, Proposal.decided_at.is_(None)))
        if each.question == question.as_json()
    ]
    if same:
        raise Refused("already_proposed", _("Exactly this is proposed already and waits for a second person."))
    proposal = Proposal(
        id=new_id(),
        kind=VOID,
        question=question.as_json(),
        found=found,
        reason=reason.strip(),
        proposed_at=now,
        proposed_by=actor.user_id,
    )
    session.add(proposal)
    session.flush()
    audit(
        session,
        actor,
        "propose_void",
        object_kind="proposal",
        object_id=proposal.id,
        detail={"question": question.as_json(), "found": found, "reason": reason.strip()},
        at=now,
    )
    return proposal


def refuse_question(session: Session, question: VoidQuestion, now: datetime) -> int:
    """Say no to a question that names nothing, or too much; else how many it names.

    Raises:
        Refused: ``unbounded``, ``backward_span``, ``nothing_found``, ``too_many``.
    """
    if not question.is_bounded:
        raise Refused("unbounded", _("Choose at least a course, an import, or who recorded them."), field="course")
    if question.from_on and question.until_on and question.until_on < question.from_on:
        raise Refused("backward_span", _("The last day comes before the first."), field="until")
    found = count_of(session, question, now)
    if not found:
        raise Refused("nothing_found", _("Nothing that counts is recorded like that."))
    if found > MOST_VOIDED:
        raise Refused(
            "too_many",
            _(
                "These are %(found)s completions: at most %(most)s are voided at once. If an import went wrong, undo the "
                "import; else choose fewer days or a local.",
                found=number(found),
                most=number(MOST_VOIDED),
            ),
        )
    return found
