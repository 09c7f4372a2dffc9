"""Accepting together the claims that a provider's report confirms, and taking that back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from tracker.coverage.reviewing import confirmed_claims, taken_together
from tracker.coverage.reviewing.reasons import BY_REPORT
from tracker.language import _
from tracker.models import Evidence, Review
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.own_record import own_members, refuse_own
from tracker.operations.refused import Refused
from tracker.operations.reviewing.deciding import note_review, write_reviewed
from tracker.operations.standings import refresh_standings

_TAKEN_BACK = "accepted with others by mistake: taken back"


def accept_confirmed(session: Session, chosen: Collection[int], actor: Actor, now: datetime) -> int:
    """Accept those of the chosen claims that a provider's report confirms; they count as reviewed of their own day.

    A claim that waits no more, that is one's own, or that somebody else looks at by now, is left as it is.

    Args:
        chosen: the claims' ids, as the preview showed them.

    Returns:
        How many were accepted.

    Raises:
        Refused: ``nothing_chosen``, ``already_decided``: none of them is to be accepted any more.

    Needs ``writing(alone=True)``.
    """
    if not chosen:
        raise Refused("nothing_chosen", _("Choose at least one claim."))
    assert actor.user_id is not None
    wanted = set(chosen)
    found = confirmed_claims(session, actor.user_id, own_members(session, actor), now)
    claims = [each.completion for each in found if each.completion.id in wanted]
    if not claims:
        raise Refused("already_decided", _("None of these claims waits any more: they were decided meanwhile."))
    write_reviewed(session, claims, actor, now)
    for claim in claims:
        note_review(session, claim, Review.ACCEPTED, BY_REPORT, "", actor, now)
    refresh_standings(session, {each.member_id for each in claims})
    audit(
        session,
        actor,
        "accept_confirmed_claims",
        object_kind="completion",
        detail={"claims": [each.id for each in claims]},
        at=now,
    )
    return len(claims)


def take_back_accepted(session: Session, at: datetime, actor: Actor, now: datetime) -> int:
    """Take back what was accepted in one act: the claims wait again.

    Args:
        at: the moment of that act.

    Returns:
        How many wait again.

    Raises:
        Refused: ``already_undone``: nothing of it stands any more; ``own_record``.

    Needs ``writing(alone=True)``.
    """
    taken = taken_together(session, at)
    if not taken:
        raise Refused("already_undone", _("This was taken back already."))
    refuse_own(session, [each.member.member_id for each in taken], actor)
    for each in taken:
        lock_member(session, each.member.member_id)
        each.reviewed.voided_at, each.reviewed.voided_by, each.reviewed.void_reason = now, actor.user_id, _TAKEN_BACK
        session.execute(
            update(Evidence)
            .where(
                Evidence.member_id == each.member.member_id,
                Evidence.completion_id == each.review.completion_id,
                Evidence.reviewed_at == at,
            )
            .values(review=Review.WAITING, reviewed_at=None, reviewed_by=None, review_reason=None)
            .execution_options(synchronize_session="fetch")
        )
    session.flush()
    refresh_standings(session, {each.member.member_id for each in taken})
    audit(
        session,
        actor,
        "take_back_accepted_claims",
        object_kind="completion",
        detail={"claims": [each.review.completion_id for each in taken]},
        at=now,
    )
    return len(taken)
