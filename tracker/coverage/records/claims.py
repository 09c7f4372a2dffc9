"""A member's own claims: those that were sent back, and one of them with what is behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.records.shapes import ReturnedClaim
from tracker.coverage.reviewing.reasons import reason_in_words
from tracker.curriculum.words import Assurance
from tracker.models import ClaimReview, Completion, Course, Evidence, Member, Review

_TOLD_FOR = timedelta(days=90)  # a rejection that nobody answered; what was returned is told until it is sent again


@dataclass(frozen=True)
class OwnClaim:
    """One course that a member logged: waiting, or sent back."""

    completion: Completion
    course: Course
    link: str
    file: tuple[str, str, int, str] | None  # hash, media type, size, name: the last that was sent
    returned: ReturnedClaim | None

    @property
    def is_waiting(self) -> bool:
        return self.completion.voided_at is None


def returned_claims(session: Session, member_id: int, courses: Mapping[int, Course], day: date) -> list[ReturnedClaim]:
    """The claims of a member that were returned or rejected and that no later record took the place of, the newest first."""
    found: dict[int, ReturnedClaim] = {}
    for review, course_id, on in session.execute(
        select(ClaimReview, Completion.course_id, Completion.completed_on)
        .join(Completion, (Completion.member_id == ClaimReview.member_id) & (Completion.id == ClaimReview.completion_id))
        .where(
            ClaimReview.member_id == member_id,
            ClaimReview.decision.in_((Review.RETURNED, Review.REJECTED)),
            Completion.voided_at.is_not(None),
        )
        .order_by(ClaimReview.decided_at.desc(), ClaimReview.id.desc())
    ):
        if review.decision is Review.REJECTED and review.decided_at.date() < day - _TOLD_FOR:
            continue
        found.setdefault(course_id, _told(review, courses[course_id], on))
    if not found:
        return []
    later = {
        row.course_id: row.recorded_at
        for row in session.execute(
            select(Completion.course_id, Completion.recorded_at)
            .where(Completion.member_id == member_id, Completion.voided_at.is_(None), Completion.course_id.in_(found.keys()))
            .order_by(Completion.recorded_at)
        )
    }
    return [claim for course_id, claim in found.items() if course_id not in later or later[course_id] < claim.decided_at]


def claim_of(session: Session, member: Member, completion_id: int) -> OwnClaim | None:
    """A claim of the member's own that waits or was sent back; None where there is no such one."""
    row = session.execute(
        select(Completion, Course)
        .join(Course, Course.id == Completion.course_id)
        .where(
            Completion.member_id == member.member_id,
            Completion.id == completion_id,
            Completion.assurance == Assurance.CLAIMED,
        )
    ).first()
    if row is None:
        return None
    review = session.scalar(
        select(ClaimReview)
        .where(ClaimReview.member_id == member.member_id, ClaimReview.completion_id == completion_id)
        .order_by(ClaimReview.decided_at.desc(), ClaimReview.id.desc())
        .limit(1)
    )
    is_returned = review is not None and review.decision in (Review.RETURNED, Review.REJECTED)
    if row.Completion.voided_at is not None and not is_returned:
        return None
    proofs = session.scalars(
        select(Evidence)
        .where(Evidence.member_id == member.member_id, Evidence.completion_id == completion_id)
        .order_by(Evidence.id)
    ).all()
    file = next((each for each in reversed(proofs) if each.sha256), None)
    return OwnClaim(
        row.Completion,
        row.Course,
        next((each.url for each in reversed(proofs) if each.url), ""),
        (file.sha256 or "", file.media_type or "", file.size or 0, file.file_name or "") if file else None,
        _told(review, row.Course, row.Completion.completed_on) if review is not None and is_returned else None,
    )


def _told(review: ClaimReview, course: Course, on: date) -> ReturnedClaim:
    why = reason_in_words(review.reason, review.words)
    return ReturnedClaim(review.completion_id, course, on, review.decision, why, review.decided_at)
