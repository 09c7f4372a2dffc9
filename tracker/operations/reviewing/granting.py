"""Counting a course for one member because they took another in its place, though no rule of the catalogue says so."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from tracker.coverage.reviewing.reasons import IN_PLACE
from tracker.curriculum.words import Assurance
from tracker.language import _
from tracker.models import ClaimReview, Course, Member, Review, new_id
from tracker.operations.actor import Actor
from tracker.operations.completions import log_completion
from tracker.operations.evidence import StoredFile
from tracker.operations.own_record import refuse_own
from tracker.operations.refused import Refused

GRANTED = "granted"


def grant_course(
    session: Session,
    member: Member,
    course: Course | None,
    *,
    completed_on: date,
    why: str,
    evidence_url: str = "",
    file: StoredFile | None = None,
    actor: Actor,
    today: date,
    now: datetime,
) -> int:
    """Record a course as reviewed because another was taken in its place: once, for this member alone.

    Where others will come with the same, a rule in the catalogue (``satisfies:``) counts for all of them.

    Args:
        why: what they took, and why it counts. It is kept with the record, and the member reads it.

    Returns:
        The completion's id.

    Raises:
        Refused: ``no_reason``, ``own_record``, and what `log_completion` refuses.
    """
    if not why.strip():
        raise Refused("no_reason", _("Say which course they took, and why it counts."), field="instead")
    refuse_own(session, member.member_id, actor)
    its_id = log_completion(
        session,
        member=member,
        course=course,
        completed_on=completed_on,
        assurance=Assurance.REVIEWED,
        actor=actor,
        today=today,
        now=now,
        evidence_url=evidence_url,
        file=file,
        source=GRANTED,
    )
    session.add(
        ClaimReview(
            member_id=member.member_id,
            id=new_id(),
            completion_id=its_id,
            decision=Review.ACCEPTED,
            reason=IN_PLACE,
            words=why.strip(),
            decided_at=now,
            decided_by=actor.user_id,
        )
    )
    session.flush()
    return its_id
