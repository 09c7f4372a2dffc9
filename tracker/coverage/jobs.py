"""Imports on their way in: reads."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, true
from sqlalchemy.orm import Session, defer

from tracker.coverage.directory import user_names
from tracker.models import Batch, ImportJob, JobState

_MOST = 50


class JobLine(NamedTuple):
    """A job in a list."""

    job: ImportJob
    by: str


def job_of(session: Session, job_id: int) -> ImportJob | None:
    """The job of that id."""
    return session.get(ImportJob, job_id)


def open_jobs(session: Session) -> list[ImportJob]:
    """The jobs that have not ended in a batch, the newest first, without what they found."""
    wanted = select(ImportJob).where(ImportJob.state != JobState.RECORDED).order_by(ImportJob.id.desc()).limit(_MOST)
    return list(session.scalars(wanted.options(defer(ImportJob.result, raiseload=True))))


def job_lines(session: Session, jobs: Collection[ImportJob]) -> list[JobLine]:
    """The jobs, with who asked for them."""
    names = user_names(session, (job.requested_by for job in jobs))
    return [JobLine(job, names[job.requested_by]) for job in jobs]


def job_of_batch(session: Session, batch_id: int, kind: str) -> ImportJob | None:
    """The job that recorded a batch; None where it came by another door."""
    wanted = select(ImportJob).where(ImportJob.batch_id == batch_id, ImportJob.kind == kind)
    return session.scalar(wanted.order_by(ImportJob.id.desc()).limit(1))


def kept_hashes(session: Session, since: datetime | None = None) -> set[str]:
    """The hashes of the files that must stay: of the imports recorded since a moment, and of those on their way in."""
    recorded = session.scalars(
        select(Batch.sha256).where(Batch.recorded_at >= since if since is not None else true()).distinct()
    )
    under_way = session.scalars(select(ImportJob.sha256).where(ImportJob.state != JobState.RECORDED).distinct())
    return {*recorded, *under_way}
