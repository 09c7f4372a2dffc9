"""Where the records behind a state come from: the last step down from a figure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.directory import PastCompletion, history_of
from tracker.curriculum.words import Assurance
from tracker.language import _
from tracker.models import Evidence, Review, WaitingCompletion


class KnownEvidence(NamedTuple):
    """Evidence of a completion, and its review as it stood."""

    member_id: int
    id: int
    url: str | None
    sha256: str | None
    review: Review
    reviewed_at: datetime | None
    review_reason: str | None

    @classmethod
    def of(cls, row: Evidence, known_at: datetime | None) -> KnownEvidence:
        """As it is known by a moment, before which it was recorded; None: as it is known now."""
        if known_at is not None and row.reviewed_at is not None and row.reviewed_at > known_at:
            return cls(row.member_id, row.id, row.url, row.sha256, Review.WAITING, None, None)
        return cls(row.member_id, row.id, row.url, row.sha256, row.review, row.reviewed_at, row.review_reason)


@dataclass(frozen=True)
class Origin:
    """One recorded completion, and who says so."""

    past: PastCompletion
    line: int | None  # of the batch's file, where the row had waited for its member
    evidence: Sequence[KnownEvidence]

    @property
    def words(self) -> str:
        """Who says so, without naming a person."""
        if self.past.batch is not None:
            if self._is_providers:
                return _("from %(provider)s’s report", provider=self.past.course.provider)
            return _("from a list that staff loaded")
        if self.past.completion.source == "self":
            return _("logged by the member")
        if self.past.completion.source == "staff":
            return _("recorded by the training staff")
        return _("reported by the provider’s system") if self._is_providers else _("recorded by hand")

    @property
    def _is_providers(self) -> bool:
        return self.past.completion.assurance is Assurance.PROVIDER


@dataclass(frozen=True)
class Origins:
    """The records of one member: by a completion's id those that hold, and those that were voided, the newest first."""

    by_id: Mapping[int, Origin]
    voided: Sequence[PastCompletion]


def origins_of(
    session: Session, member_id: int, courses: Collection[int], day: date, known_at: datetime | None = None
) -> Origins:
    """Where a member's completions of some courses come from.

    Args:
        day: of what was voided, only what was completed by this day is told.
        known_at: as it was known by that moment. None: as it is known now.
    """
    history = [
        past
        for past in history_of(session, member_id)
        if past.course.id in courses and (known_at is None or past.completion.recorded_at <= known_at)
    ]
    evidence: dict[int, list[KnownEvidence]] = {}
    for each in session.scalars(select(Evidence).where(Evidence.member_id == member_id).order_by(Evidence.id)):
        if known_at is None or each.recorded_at <= known_at:
            evidence.setdefault(each.completion_id, []).append(KnownEvidence.of(each, known_at))
    batches = {past.batch.id for past in history if past.batch is not None}  # by which the rows that waited are found
    rows = select(WaitingCompletion).where(
        WaitingCompletion.batch_id.in_(batches), WaitingCompletion.settled_member_id == member_id
    )
    waited = {(row.batch_id, row.completed_on, row.external_id): row.line for row in session.scalars(rows)}
    by_id, voided = {}, []
    for past in history:
        done = past.completion
        if done.voided_at is not None and (known_at is None or done.voided_at <= known_at):
            if done.completed_on <= day:
                voided.append(past)
            continue
        line = waited.get((done.batch_id, done.completed_on, done.external_id or ""))
        by_id[done.id] = Origin(past, line, evidence.get(done.id, ()))
    return Origins(by_id, voided)
