"""When a provider's reports last came, by file or by their own door."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.models import Batch, BatchUndone

# What LinkedIn itself reports: a file of theirs, or their reporting API. A member's own archive is neither.
LINKEDIN_REPORTS = ("linkedin-learner-detail", "linkedin-reporting-api")
LINKEDIN_LEARNING = "LinkedIn Learning"  # as the catalogue calls the provider


def last_report(session: Session, profile: str) -> datetime | None:
    """When a report of that form last came."""
    return session.scalar(select(func.max(Batch.recorded_at)).where(Batch.kind == "completions", Batch.profile == profile))


def last_linkedin_report(session: Session) -> datetime | None:
    """When LinkedIn's own report last came, by file or by their API, and was not undone; None where none ever did."""
    return session.scalar(
        select(func.max(Batch.recorded_at)).where(
            Batch.kind == "completions",
            Batch.profile.in_(LINKEDIN_REPORTS),
            Batch.id.not_in(select(BatchUndone.batch_id)),
        )
    )


def last_report_of(session: Session, provider: str) -> datetime | None:
    """When a provider's report last came; None where none did, or where its reports come in no form of its own."""
    return last_linkedin_report(session) if provider == LINKEDIN_LEARNING else None
