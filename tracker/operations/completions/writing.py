"""Completions and their evidence, into the tables."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from tracker.curriculum.words import Assurance
from tracker.models import Review, new_ids
from tracker.models.loading import load, stored_moment
from tracker.operations.completions.stage import Staged

_COMPLETION_COLUMNS = (
    *("member_id", "id", "course_id", "completed_on", "assurance", "source", "external_id"),
    *("recorded_at", "recorded_by", "batch_id"),
)
_EVIDENCE_COLUMNS = ("member_id", "id", "completion_id", "url", "recorded_at", "recorded_by", "review")


def write_completions(session: Session, new: list[Staged], now: datetime) -> list[int]:
    """Write these as completions, with the evidence they name; gives their ids."""
    ids = new_ids(len(new))
    recorded_at = stored_moment(session, now)
    load(
        session,
        "completion",
        _COMPLETION_COLUMNS,
        (
            (
                *(row.member_id, its_id, row.course_id, row.completed_on, row.assurance, row.source),
                *(row.external_id, recorded_at, row.recorded_by, row.batch_id),
            )
            for row, its_id in zip(new, ids, strict=True)
        ),
    )
    with_evidence = [(row, its_id) for row, its_id in zip(new, ids, strict=True) if row.evidence_url]
    load(
        session,
        "evidence",
        _EVIDENCE_COLUMNS,
        (
            (
                *(row.member_id, evidence_id, its_id, row.evidence_url, recorded_at, row.recorded_by),
                _review_of(Assurance(row.assurance)).value,
            )
            for (row, its_id), evidence_id in zip(with_evidence, new_ids(len(with_evidence)), strict=True)
        ),
    )
    return ids


def _review_of(assurance: Assurance) -> Review:
    return Review.WAITING if assurance is Assurance.CLAIMED else Review.ACCEPTED
