"""Imports on their way in, and long files on their way out: reads."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, true
from sqlalchemy.orm import Session, defer

from tracker.coverage.directory import user_names
from tracker.models import Batch, ExportJob, ImportJob, JobState

_MOST = 50


class JobLine(NamedTuple):
    """A job in a list."""

    job: ImportJob
    by: str


class OldJob(NamedTuple):
    """A job that nobody has touched for a while, and how far it had come then."""

    id: int
    state: JobState
    changed_at: datetime


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


def old_jobs(
    session: Session, kind: type[ImportJob | ExportJob], states: Collection[JobState], before: datetime
) -> list[OldJob]:
    """The jobs of a kind in one of these states that nobody has touched since a moment."""
    wanted = select(kind.id, kind.state, kind.changed_at).where(kind.state.in_(states), kind.changed_at < before)
    return [OldJob(*row) for row in session.execute(wanted)]


def job_ids(session: Session) -> set[int]:
    """The ids of the jobs that have a next step or a file: all but the imports that ended in a batch."""
    imports = session.scalars(select(ImportJob.id).where(ImportJob.state != JobState.RECORDED))
    return {*imports, *session.scalars(select(ExportJob.id))}
