"""What happened to the records of a range of members: decisions, reports, records taken back, answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.digests.shapes import Answered, Decided, Recorded, TakenBack
from tracker.coverage.published import Published
from tracker.models import Batch, ClaimReview, Completion, Correction, CorrectionState, Review, User

Happened = tuple[int, Decided | TakenBack | Recorded | Answered]


def happened_among(
    session: Session, first: int, last: int, since: datetime, reports: Collection[int], words: Published
) -> Iterator[Happened]:
    """What happened since.

    Args:
        reports: the batches since then by which completions were reported.
    """
    reviewed: set[int] = set()
    yield from _decided(session, first, last, since, words, reviewed)
    yield from _taken_back(session, first, last, since, words, reviewed)
    yield from _answered(session, first, last, since)
    if reports:
        yield from _recorded(session, first, last, reports, words)


def reports_since(session: Session, since: datetime) -> list[int]:
    """The batches by which completions were reported since."""
    return list(session.scalars(select(Batch.id).where(Batch.kind == "completions", Batch.recorded_at >= since)))


def _decided(
    session: Session, first: int, last: int, since: datetime, words: Published, reviewed: set[int]
) -> Iterator[tuple[int, Decided]]:
    """Claims that staff decided; each is noted in ``reviewed``."""
    rows = session.execute(
        select(ClaimReview, Completion.course_id, Completion.completed_on)
        .join(
            Completion,
            (Completion.member_id == ClaimReview.member_id) & (Completion.id == ClaimReview.completion_id),
        )
        .where(
            ClaimReview.member_id.between(first, last),
            Completion.member_id.between(first, last),
            ClaimReview.decided_at >= since,
        )
        .order_by(ClaimReview.id)
    )
    for review, course_id, on in rows:
        reviewed.add(review.completion_id)
        if review.decision is Review.WAITING:
            continue
        title = words.courses[course_id].title
        line = Decided((f"review:{review.id}",), title, on, review.decision, review.reason, review.words, review.decided_at)
        yield review.member_id, line


def _taken_back(
    session: Session, first: int, last: int, since: datetime, words: Published, reviewed: set[int]
) -> Iterator[tuple[int, TakenBack]]:
    """Records that a person other than the member voided; a claim that was decided is told as that."""
    rows = session.execute(
        select(
            *(Completion.member_id, Completion.id, Completion.course_id, Completion.completed_on),
            *(Completion.void_reason, User.member_id),
        )
        .outerjoin(User, User.id == Completion.voided_by)
        .where(
            Completion.member_id.between(first, last),
            Completion.voided_at >= since,
            Completion.voided_batch_id.is_(None),
        )
        .order_by(Completion.id)
    )
    for member_id, its_id, course_id, on, why, by in rows:
        if by != member_id and its_id not in reviewed:
            yield member_id, TakenBack((f"void:{its_id}",), words.courses[course_id].title, on, why or "")


def _answered(session: Session, first: int, last: int, since: datetime) -> Iterator[tuple[int, Answered]]:
    rows = session.scalars(
        select(Correction)
        .where(
            Correction.member_id.between(first, last),
            Correction.answered_at >= since,
            Correction.state != CorrectionState.OPEN,
        )
        .order_by(Correction.id)
    )
    for each in rows:
        yield each.member_id, Answered((f"answer:{each.id}",), each.about, each.shown, each.state, each.answer)


def _recorded(
    session: Session, first: int, last: int, reports: Collection[int], words: Published
) -> Iterator[tuple[int, Recorded]]:
    """What reports brought, all of them in one line a member."""
    rows = session.execute(
        select(Completion.member_id, Completion.batch_id, Completion.course_id)
        .where(
            Completion.member_id.between(first, last),
            Completion.batch_id.in_(list(reports)),
            Completion.voided_at.is_(None),
        )
        .order_by(Completion.member_id, Completion.id)
    )
    batches: dict[int, dict[int, dict[str, None]]] = {}
    for member_id, batch_id, course_id in rows:
        batches.setdefault(member_id, {}).setdefault(int(batch_id or 0), {})[words.courses[course_id].title] = None
    for member_id, found in batches.items():
        for batch_id, titles in found.items():
            yield member_id, Recorded((f"import:{batch_id}",), tuple(titles))
