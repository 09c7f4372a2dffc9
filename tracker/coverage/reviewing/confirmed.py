"""Claims that a provider's report confirms, though it gives another day: nobody need look at them one by one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from tracker.coverage.reviewing.reasons import BY_REPORT
from tracker.coverage.reviewing.waiting import a_claim, unconfirmed
from tracker.curriculum.words import Assurance
from tracker.models import ClaimReview, Completion, Course, Member, ReviewLock

CONFIRMING_DAYS = 3  # so far may the provider's day lie from the one that the member remembered
MOST_AT_ONCE = 200
_LOOKED_AT = 5_000  # of the oldest claims: those behind them come when these are done


class Confirmed(NamedTuple):
    """A claim, and the day that the provider gives for the same course of the same member."""

    completion: Completion
    member: Member
    course: Course
    provider_on: date


class Taken(NamedTuple):
    """A claim that was accepted together with others, and what it became."""

    review: ClaimReview
    member: Member
    course: Course
    reviewed: Completion


def confirmed_claims(
    session: Session,
    user_id: int,
    own_member_ids: Collection[int],
    now: datetime,
    *,
    most: int = MOST_AT_ONCE,
) -> list[Confirmed]:
    """Claims with a provider's report of the same course at most three days from them, among the oldest thousands.

    Of that day or later such a report lets a claim wait no more anyway; these are those that it dates a little earlier. A
    person's own claims, and those that somebody else looks at, are left out.
    """
    report = aliased(Completion)
    oldest = select(Completion.id).where(*a_claim()).order_by(Completion.id).limit(_LOOKED_AT).subquery()
    last_id = session.scalar(select(func.max(oldest.c.id)))
    held = exists().where(
        ReviewLock.completion_id == Completion.id, ReviewLock.user_id != user_id, ReviewLock.until_at > now
    )
    rows = session.execute(
        select(Completion, Member, Course, report.completed_on)
        .join(Member, Member.member_id == Completion.member_id)
        .join(Course, Course.id == Completion.course_id)
        .join(
            report,
            (report.member_id == Completion.member_id)
            & (report.course_id == Completion.course_id)
            & (report.assurance == Assurance.PROVIDER)
            & report.voided_at.is_(None),
        )
        .where(
            *unconfirmed(),
            Completion.id <= (last_id or 0),
            report.completed_on < Completion.completed_on,
            Completion.member_id.not_in(list(own_member_ids)),
            Completion.recorded_by.is_distinct_from(user_id),
            ~held,
        )
        .order_by(Completion.id, report.completed_on.desc())
    )
    found: dict[int, Confirmed] = {}
    for done, member, course, on in rows:
        if done.completed_on - on <= timedelta(days=CONFIRMING_DAYS):
            found.setdefault(done.id, Confirmed(done, member, course, on))
        if len(found) == most:
            break
    return list(found.values())


def taken_together(session: Session, at: datetime) -> list[Taken]:
    """What was accepted together at that moment because a provider's report confirms it, by name, and still stands."""
    claim, reviewed = aliased(Completion), aliased(Completion)
    rows = session.execute(
        select(ClaimReview, Member, Course, reviewed)
        .join(claim, (claim.member_id == ClaimReview.member_id) & (claim.id == ClaimReview.completion_id))
        .join(
            reviewed,
            (reviewed.member_id == claim.member_id)
            & (reviewed.course_id == claim.course_id)
            & (reviewed.completed_on == claim.completed_on)
            & (reviewed.assurance == Assurance.REVIEWED)
            & (reviewed.recorded_at == at)
            & reviewed.voided_at.is_(None),
        )
        .join(Member, Member.member_id == ClaimReview.member_id)
        .join(Course, Course.id == claim.course_id)
        .where(ClaimReview.decided_at == at, ClaimReview.reason == BY_REPORT)
        .order_by(Member.name_key, ClaimReview.id)
    )
    return [Taken(*row) for row in rows]
