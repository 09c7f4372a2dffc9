"""Deciding a claim: it counts as reviewed from then on, or it goes back to its member with the reason."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tracker.coverage.reviewing import REJECTING, RETURNING, reason_in_words
from tracker.curriculum.words import Assurance
from tracker.language import _, day, speaking
from tracker.models import ClaimReview, Completion, Course, Evidence, Review, ReviewLock, User, new_id
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.completions.stage import Staged
from tracker.operations.completions.writing import write_completions
from tracker.operations.notices import tell_member
from tracker.operations.refused import Refused
from tracker.operations.reviewing.locks import refuse_held, refuse_own_claim
from tracker.operations.reviewing.telling import telling
from tracker.operations.standings import refresh_standings

REVIEWED = "review"  # the source of what a claim became when it was accepted
_REASONS = {Review.RETURNED: RETURNING, Review.REJECTED: REJECTING}
_ACTIONS = {Review.ACCEPTED: "accept_claim", Review.RETURNED: "return_claim", Review.REJECTED: "reject_claim"}
_LONGEST_WORDS = 1_000


def decide_claim(
    session: Session,
    claim: Completion,
    decision: Review,
    *,
    reason: str = "",
    words: str = "",
    actor: Actor,
    now: datetime,
) -> int | None:
    """Accept a claim, return it to its member, or reject it.

    Accepted, a new completion of the same day is recorded with the assurance ``reviewed``; the claim stays beside it.
    Returned or rejected, the claim is voided, and the member is told at once how to send it again.

    Args:
        reason: one of the stock reasons, by its code; "" where ``words`` say it.
        words: the reviewer's own, as the member reads them.

    Returns:
        The id of what the claim became; None where it was not accepted.

    Raises:
        Refused: ``own_record``, ``own_claim``, ``already_decided``, ``already_confirmed``, ``being_reviewed``,
            ``no_reason``, ``long_reason``. Nothing is written then.
    """
    if decision is not Review.ACCEPTED:
        _refuse_no_reason(decision, reason, words)
    lock_member(session, claim.member_id)
    session.refresh(claim)
    refuse_own_claim(session, claim, actor)
    _refuse_decided(session, claim)
    refuse_held(session, claim, actor, now)
    reviewed = None
    if decision is Review.ACCEPTED:
        reviewed = write_reviewed(session, [claim], actor, now)[0]
    else:
        with speaking("en"):  # kept with the fact, which speaks one language; members read it in their own elsewhere
            claim.void_reason = f"{decision.value}: {reason_in_words(reason, words.strip())}"
        claim.voided_at, claim.voided_by = now, actor.user_id
        session.flush()
    note_review(session, claim, decision, reason, words.strip(), actor, now)
    session.execute(
        delete(ReviewLock).where(ReviewLock.completion_id == claim.id).execution_options(synchronize_session="fetch")
    )
    refresh_standings(session, [claim.member_id])
    course = session.get_one(Course, claim.course_id)
    if decision is not Review.ACCEPTED:
        write = telling(decision, course.title, claim.completed_on, reason, words.strip())
        tell_member(session, claim.member_id, "returned", write, now)
    audit(
        session,
        actor,
        _ACTIONS[decision],
        object_kind="completion",
        object_id=claim.id,
        member_id=claim.member_id,
        detail={
            "course": course.code,
            "completed_on": claim.completed_on.isoformat(),
            **({"reason": reason, "words": words.strip()} if reason or words.strip() else {}),
            **({"became": reviewed} if reviewed is not None else {}),
        },
        at=now,
    )
    return reviewed


def write_reviewed(session: Session, claims: list[Completion], actor: Actor, now: datetime) -> list[int]:
    """Record what these claims become, the same course and day as seen by staff; their ids, in the order of the claims."""
    rows = [
        Staged(
            *(each.member_id, 0, each.course_id, each.completed_on, int(Assurance.REVIEWED), REVIEWED),
            *(None, "", None, actor.user_id),
        )
        for each in claims
    ]
    return write_completions(session, rows, now)


def note_review(
    session: Session, claim: Completion, decision: Review, reason: str, words: str, actor: Actor, now: datetime
) -> None:
    """Write down what was decided of a claim, and on what is behind it."""
    session.add(
        ClaimReview(
            member_id=claim.member_id,
            id=new_id(),
            completion_id=claim.id,
            decision=decision,
            reason=reason,
            words=words,
            decided_at=now,
            decided_by=actor.user_id,
        )
    )
    session.execute(
        update(Evidence)
        .where(Evidence.member_id == claim.member_id, Evidence.completion_id == claim.id, Evidence.review == Review.WAITING)
        .values(review=decision, reviewed_at=now, reviewed_by=actor.user_id, review_reason=reason or words)
        .execution_options(synchronize_session="fetch")
    )
    session.flush()


def _refuse_no_reason(decision: Review, reason: str, words: str) -> None:
    if reason and reason not in _REASONS[decision]:
        raise Refused("no_reason", _("Choose one of the reasons, or write your own."), field="reason")
    if not reason and not words.strip():
        raise Refused("no_reason", _("Choose a reason, or write your own: the member reads it."), field="reason")
    if len(words) > _LONGEST_WORDS:
        raise Refused("long_reason", _("Keep your words to 1,000 characters."), field="words")


def _refuse_decided(session: Session, claim: Completion) -> None:
    """Say no where the claim waits no more, and by whom it was settled."""
    last = session.scalar(
        select(ClaimReview)
        .where(ClaimReview.member_id == claim.member_id, ClaimReview.completion_id == claim.id)
        .order_by(ClaimReview.id.desc())
        .limit(1)
    )
    surer = session.scalar(
        select(Completion)
        .where(
            Completion.member_id == claim.member_id,
            Completion.course_id == claim.course_id,
            Completion.assurance > Assurance.CLAIMED,
            Completion.completed_on >= claim.completed_on,
            Completion.voided_at.is_(None),
        )
        .order_by(Completion.assurance.desc())
        .limit(1)
    )
    if surer is not None and surer.assurance is Assurance.PROVIDER:
        raise Refused(
            "already_confirmed",
            _(
                "The provider’s report has this course by now, of %(day)s: there is nothing to decide.",
                day=day(surer.completed_on),
            ),
        )
    if claim.voided_at is None and surer is None:
        return
    if last is not None:
        who = session.get(User, last.decided_by) if last.decided_by is not None else None
        raise Refused("already_decided", _ALREADY[last.decision](who.email if who else _("the operator")))
    if claim.voided_at is not None:
        raise Refused("already_decided", _("This claim was voided meanwhile: there is nothing to decide."))
    raise Refused("already_decided", _("This course is recorded as reviewed already: there is nothing to decide."))


_ALREADY = {
    Review.ACCEPTED: lambda who: _("%(who)s has accepted this claim already.", who=who),
    Review.RETURNED: lambda who: _("%(who)s has returned this claim to its member already.", who=who),
    Review.REJECTED: lambda who: _("%(who)s has rejected this claim already.", who=who),
    Review.WAITING: lambda who: _("%(who)s has decided this claim already.", who=who),
}
