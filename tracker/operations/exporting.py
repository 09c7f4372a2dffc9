"""A report on its way to being a file. Each step is taken once, whoever asks for it how often.

A report is no fact: nothing is kept of it but the job, and for some days its file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import ExportJob, JobState, new_id
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.opening import address_kept
from tracker.operations.refused import Refused

MAKING = JobState.RECORDING  # the states of a file: being made, made, refused, stopped
MADE = JobState.RECORDED
_MOST_AT_ONCE = 3  # of one person


def ask_for_export(
    session: Session,
    actor: Actor,
    address: str,
    form: str,
    *,
    now: datetime,
    job_id: int | None = None,
) -> ExportJob:
    """Begin to make a report's file.

    Args:
        address: the report's path and query. It is asked for again as that very person, so nothing in it can tell them more.
        form: ``csv`` or ``xlsx``.
        job_id: the id to take, where its process's lock was taken before it.

    Raises:
        Refused: ``too_many_exports``, where they have some under way already.
    """
    mine = (ExportJob.requested_by == actor.user_id, ExportJob.state == MAKING)
    if (session.scalar(select(func.count()).select_from(ExportJob).where(*mine)) or 0) >= _MOST_AT_ONCE:
        raise Refused("too_many_exports", _("Your earlier files are still being made. Ask again when one of them is done."))
    assert actor.user_id is not None
    job = ExportJob(
        id=job_id or new_id(),
        address=address,
        form=form,
        state=MAKING,
        file_name="",
        rows=None,
        message="",
        result={},
        requested_at=now,
        requested_by=actor.user_id,
        changed_at=now,
    )
    session.add(job)
    session.flush()
    detail = {"address": _without_names(address), "form": form}
    audit(session, actor, "ask_for_export", object_kind="export", object_id=job.id, detail=detail, at=now)
    return job


def make_again(session: Session, actor: Actor, job: ExportJob, *, now: datetime) -> bool:
    """Let a file be made whose process had stopped.

    Returns:
        Whether this call did it.
    """
    if not _move(session, job.id, (JobState.STOPPED, JobState.REFUSED), MAKING, now, message="", result={}):
        return False
    detail = {"address": _without_names(job.address), "form": job.form}
    audit(session, actor, "ask_for_export", object_kind="export", object_id=job.id, detail=detail, at=now)
    return True


def _without_names(address: str) -> str:
    parts = urlsplit(address)
    return address_kept(parts.path, parse_qsl(parts.query))


def finish_export(
    session: Session, job_id: int, file_name: str, rows: int, result: Mapping[str, Any], actor: Actor, *, now: datetime
) -> bool:
    """The file is there.

    Args:
        file_name: what it is called when it is fetched.
        result: with whose reach it was made, as plain JSON.
    """
    if not _move(session, job_id, (MAKING,), MADE, now, file_name=file_name, rows=rows, result=dict(result)):
        return False
    detail = {"file": file_name, "rows": rows}
    audit(session, actor, "make_export", object_kind="export", object_id=job_id, detail=detail, at=now)
    return True


def refuse_export(session: Session, job_id: int, message: str, *, now: datetime) -> bool:
    """The report is not there for who asked, or not any more."""
    return _move(session, job_id, (MAKING,), JobState.REFUSED, now, message=message)


def stop_export(session: Session, job_id: int, message: str, *, now: datetime) -> bool:
    """Its process is gone, and there is no file."""
    return _move(session, job_id, (MAKING,), JobState.STOPPED, now, message=message)


def drop_export(session: Session, job_id: int) -> bool:
    """Forget a file that is not being made; the door removes it.

    Returns:
        Whether there was one that could be.
    """
    gone = delete(ExportJob).where(ExportJob.id == job_id, ExportJob.state != MAKING).returning(ExportJob.id)
    return session.scalar(gone.execution_options(synchronize_session=False)) is not None


def drop_exports_before(session: Session, moment: datetime, gone: Collection[int] = ()) -> list[int]:
    """Forget the files that were made, or failed to be, before ``moment``; the door removes them.

    Args:
        gone: those that should be being made and whose process is gone: a page that looks at one stops it, but nobody may
            ever look.

    Returns:
        Their ids.
    """
    left = or_(ExportJob.state != MAKING, ExportJob.id.in_(gone))
    dropped = delete(ExportJob).where(left, ExportJob.changed_at < moment).returning(ExportJob.id)
    return list(session.scalars(dropped.execution_options(synchronize_session=False)))


def _move(session: Session, job_id: int, begin: tuple[JobState, ...], end: JobState, now: datetime, **values: Any) -> bool:
    """Take a step if the job stands where the step begins: one statement, so that two at once take it once."""
    moved = (
        update(ExportJob)
        .where(ExportJob.id == job_id, ExportJob.state.in_(begin))
        .values(state=end, changed_at=now, **values)
        .returning(ExportJob.id)
    )
    return session.scalar(moved.execution_options(synchronize_session=False)) is not None
