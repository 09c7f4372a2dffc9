"""One claim with everything that is needed to judge it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.directory import MemberLine, member_lines, user_names
from tracker.coverage.former import all_ids_of
from tracker.coverage.last_reports import last_report_of
from tracker.coverage.reviewing.doubles import SameProof, same_proof
from tracker.coverage.reviewing.reasons import reason_in_words
from tracker.coverage.reviewing.waiting import evidence_of, is_held, unconfirmed
from tracker.curriculum.words import Assurance
from tracker.models import ClaimReview, Completion, Course, Evidence, Member


class PastReview(NamedTuple):
    """A decision on a claim of the member's, of this course or another."""

    review: ClaimReview
    claim: Completion
    by: str

    @property
    def words(self) -> str:
        """Why, in the language that is spoken now; "" where nothing was said."""
        return reason_in_words(self.review.reason, self.review.words)


class Beside(NamedTuple):
    """Another record of the same course and member."""

    completion: Completion
    by: str


@dataclass(frozen=True)
class WholeClaim:
    """A claim, what is behind it, and what else is known."""

    completion: Completion
    course: Course
    line: MemberLine
    recorded_by: str
    evidence: tuple[Evidence, ...]
    beside: tuple[Beside, ...]  # the member's other records of the course, voided ones too, the newest day first
    same_proof: tuple[SameProof, ...]
    reviews: tuple[PastReview, ...]  # of this course, the newest first
    last_report: datetime | None  # of the course's provider
    waits: bool
    held_by: str  # whoever looks at it now, "" for nobody
    held_by_id: int | None
    held_until: datetime | None

    @property
    def member(self) -> Member:
        return self.line.member

    @property
    def decision(self) -> PastReview | None:
        """What was decided of this very claim."""
        return next((each for each in self.reviews if each.review.completion_id == self.completion.id), None)

    @property
    def confirmed_by(self) -> Completion | None:
        """The surer record for which it need not be reviewed any more."""
        for each, _ in self.beside:
            is_surer = each.assurance > Assurance.CLAIMED and each.completed_on >= self.completion.completed_on
            if is_surer and each.voided_at is None:
                return each
        return None


def claim_of(session: Session, member_id: int, completion_id: int) -> tuple[Completion, Course] | None:
    """A claim of that very member, decided or not, with its course; None where there is none."""
    row = session.execute(
        select(Completion, Course)
        .join(Course, Course.id == Completion.course_id)
        .where(
            Completion.member_id == member_id,
            Completion.id == completion_id,
            Completion.assurance == Assurance.CLAIMED,
        )
    ).first()
    return (row[0], row[1]) if row else None


def whole_claim(session: Session, claim: Completion, course: Course, member: Member, day: date, now: datetime) -> WholeClaim:
    """Everything about one claim: a few statements."""
    others = session.scalars(
        select(Completion)
        .where(Completion.member_id == claim.member_id, Completion.course_id == claim.course_id, Completion.id != claim.id)
        .order_by(Completion.completed_on.desc(), Completion.id.desc())
    ).all()
    evidence = tuple(evidence_of(session, [claim]).get(claim.id, ()))
    names = user_names(session, [claim.recorded_by, *(each.recorded_by for each in others)])
    waits = session.scalar(
        select(Completion.id).where(Completion.member_id == claim.member_id, Completion.id == claim.id, *unconfirmed())
    )
    held_by, held_until, held_by_id = is_held(session, claim.id, now)
    return WholeClaim(
        completion=claim,
        course=course,
        line=member_lines(session, [member], day)[0],
        recorded_by=names[claim.recorded_by],
        evidence=evidence,
        beside=tuple(Beside(each, names[each.recorded_by]) for each in others),
        same_proof=same_proof(session, claim.member_id, evidence),
        reviews=tuple(reviews_of(session, claim.member_id, course_id=claim.course_id)),
        last_report=last_report_of(session, course.provider),
        waits=waits is not None,
        held_by=held_by,
        held_by_id=held_by_id,
        held_until=held_until,
    )


def reviews_of(session: Session, member_id: int, *, course_id: int | None = None) -> list[PastReview]:
    """What was decided of a member's claims, the newest first: of one course, or of all; also before they were found to be
    one person with another."""
    wanted = (
        select(ClaimReview, Completion)
        .join(
            Completion,
            (Completion.member_id == ClaimReview.member_id) & (Completion.id == ClaimReview.completion_id),
        )
        .where(ClaimReview.member_id.in_(all_ids_of(session, member_id)))
        .order_by(ClaimReview.id.desc())
    )
    if course_id is not None:
        wanted = wanted.where(Completion.course_id == course_id)
    rows = session.execute(wanted).all()
    names = user_names(session, _deciders(row[0] for row in rows))
    return [PastReview(review, claim, names[review.decided_by]) for review, claim in rows]


def _deciders(reviews: Iterable[ClaimReview]) -> list[int | None]:
    return [each.decided_by for each in reviews]
