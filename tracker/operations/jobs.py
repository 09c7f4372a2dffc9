"""An import from a page, on its way from the upload to its batch. Each step is taken once, whoever asks for it how often.

A preview is no fact: of all that happens before a batch is recorded, nothing is kept but the job itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, or_, update
from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import Batch, ImportJob, JobState, new_id
from tracker.operations.actor import Actor
from tracker.operations.refused import Refused

UNDO = "undo"  # the kind of the job that takes a batch back

RUNNING = (JobState.READING, JobState.RECORDING)
READ_AGAIN_FROM = (JobState.ASKING, JobState.PREVIEWED, JobState.REFUSED, JobState.STOPPED)


def open_job(
    session: Session,
    kind: str,
    file_name: str,
    sha256: str,
    options: Mapping[str, Any],
    actor: Actor,
    *,
    now: datetime,
    job_id: int | None = None,
) -> ImportJob:
    """Begin with a file that is kept. It is to be read.

    Args:
        options: how it is to be read, as plain JSON.
        job_id: the id to take, where its process's lock was taken before it.
    """
    job = ImportJob(
        id=job_id or new_id(),
        kind=kind,
        file_name=file_name,
        sha256=sha256,
        options=dict(options),
        state=JobState.READING,
        result={},
        message="",
        requested_at=now,
        requested_by=actor.user_id,
        changed_at=now,
    )
    session.add(job)
    session.flush()
    return job


def open_undo(session: Session, batch: Batch, actor: Actor, *, now: datetime, job_id: int | None = None) -> ImportJob:
    """Begin to take a batch back."""
    options = {"confirmed_by": actor.user_id}
    job = open_job(session, UNDO, batch.file_name, batch.sha256, options, actor, now=now, job_id=job_id)
    job.state, job.batch_id = JobState.RECORDING, batch.id
    session.flush()
    return job


def read_again(session: Session, job: ImportJob, options: Mapping[str, Any], *, now: datetime) -> bool:
    """Let the file be read once more, as ``options`` say by now.

    Returns:
        Whether this call did it: False where another one had, or where the job was recorded.
    """
    return _move(session, job.id, READ_AGAIN_FROM, JobState.READING, now, options=dict(options), result={}, message="")


def undo_again(session: Session, job: ImportJob, *, now: datetime) -> bool:
    """Let a batch be taken back after all, whose process had stopped.

    Returns:
        Whether this call did it.
    """
    return _move(session, job.id, (JobState.STOPPED, JobState.REFUSED), JobState.RECORDING, now, message="")


def ask(session: Session, job_id: int, result: Mapping[str, Any], message: str, *, now: datetime) -> bool:
    """A person must say first what is in the file."""
    return _move(session, job_id, (JobState.READING,), JobState.ASKING, now, result=dict(result), message=message)


def show(session: Session, job_id: int, result: Mapping[str, Any], *, now: datetime) -> bool:
    """Lay before a person what recording would do."""
    return _move(session, job_id, (JobState.READING,), JobState.PREVIEWED, now, result=dict(result), message="")


def confirm(session: Session, job: ImportJob, options: Mapping[str, Any], actor: Actor, *, now: datetime) -> bool:
    """Let what was previewed be recorded, by whoever confirms it.

    Args:
        options: what the person agreed to besides, as plain JSON.

    Returns:
        Whether this call did it: of any number of clicks and tabs one does.
    """
    agreed = {**job.options, **options, "confirmed_by": actor.user_id}
    return _move(session, job.id, (JobState.PREVIEWED,), JobState.RECORDING, now, options=agreed)


def finish(session: Session, job_id: int, batch_id: int, *, now: datetime) -> None:
    """Note that the batch is recorded, or undone, in the transaction that does it. What the preview showed is dropped: it
    holds rows of the file, and the batch says it better.

    Raises:
        Refused: ``not_recording``, where the job was taken for stopped meanwhile. Nothing may be kept then.
    """
    if not _move(session, job_id, (JobState.RECORDING,), JobState.RECORDED, now, batch_id=batch_id, result={}, message=""):
        raise Refused("not_recording", _("This import was taken for stopped meanwhile: nothing was recorded."))


def refuse(session: Session, job_id: int, refusal: Refused, result: Mapping[str, Any], *, now: datetime) -> bool:
    """The file cannot be read, or must not be recorded."""
    return _move(session, job_id, RUNNING, JobState.REFUSED, now, result=dict(result), message=refusal.message)


def stop(session: Session, job_id: int, message: str, *, now: datetime) -> bool:
    """Its process is gone, and nothing was recorded. On PostgreSQL this waits for a commit that is under way, and loses."""
    return _move(session, job_id, RUNNING, JobState.STOPPED, now, result={}, message=message)


def drop_job(session: Session, job_id: int) -> bool:
    """Forget a job that recorded nothing.

    Returns:
        Whether there was one that could be.
    """
    left = (*READ_AGAIN_FROM, JobState.READING)
    gone = delete(ImportJob).where(ImportJob.id == job_id, ImportJob.state.in_(left)).returning(ImportJob.id)
    return session.scalar(gone.execution_options(synchronize_session=False)) is not None


def drop_jobs_before(session: Session, moment: datetime, gone: Collection[int] = ()) -> list[int]:
    """Forget the jobs that recorded nothing and that nobody has touched since ``moment``. On PostgreSQL this waits for a
    commit that is under way, and loses.

    Args:
        gone: those that should be under way and whose process is gone: a page that looks at one stops it, but nobody may
            ever look.

    Returns:
        Their ids.
    """
    left = or_(ImportJob.state.in_(READ_AGAIN_FROM), and_(ImportJob.state.in_(RUNNING), ImportJob.id.in_(gone)))
    dropped = delete(ImportJob).where(left, ImportJob.changed_at < moment).returning(ImportJob.id)
    return list(session.scalars(dropped.execution_options(synchronize_session=False)))


def _move(session: Session, job_id: int, begin: tuple[JobState, ...], end: JobState, now: datetime, **values: Any) -> bool:
    """Take a step if the job stands where the step begins: one statement, so that two at once take it once."""
    moved = (
        update(ImportJob)
        .where(ImportJob.id == job_id, ImportJob.state.in_(begin))
        .values(state=end, changed_at=now, **values)
        .returning(ImportJob.id)
    )
    return session.scalar(moved.execution_options(synchronize_session=False)) is not None
