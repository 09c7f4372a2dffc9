"""The process of its own in which a job is read and recorded, so that what a file does to it is not done to the server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from tracker.intake.progress import hold, is_running
from tracker.models import Busy, ImportJob, db, new_id, writing
from tracker.operations.jobs import RUNNING, stop
from tracker.web import gate

_WAIT = 3.0  # seconds a request waits for its job, so that small files need no page in between
_MOMENT = 0.2  # seconds to wait for others before a page says that a job stopped
_COMMAND = (sys.executable, "-P", "-c", "from tracker.cli import main; main()")

GONE = "The process that worked on it ended before it was done. Nothing was recorded."


def jobs_folder() -> Path:
    return gate.settings().instance / "jobs"


def originals_folder() -> Path:
    return gate.settings().instance / "imports"


def begin(act: Callable[[Session, int], bool], job_id: int | None = None, *, kind: str = "job") -> int:
    """Take a job's step, and let a process of its own go on from there. Waits a little for it.

    The lock is taken before the step and inherited by the process: a job that is under way is never without its holder.

    Args:
        act: the step, in one transaction; False where there was nothing to do.
        job_id: the job; None for a new one, whose id ``act`` is given.
        kind: the command that goes on with it: ``tracker job run`` or ``tracker export run``.

    Raises:
        Busy: others are writing. Nothing was done.
    """
    job_id = job_id or new_id()
    lock = hold(jobs_folder(), job_id)
    if lock is None:
        return job_id  # somebody was quicker: its page shows how far it is
    try:
        with writing() as session:
            is_ours = act(session, job_id)
        process = _started(job_id, lock, kind) if is_ours else None
    finally:
        os.close(lock)  # from here on the process holds it alone
    if process is not None:
        _wait_for(process)
    return job_id


def _started(job_id: int, lock: int, kind: str) -> subprocess.Popen[bytes] | None:
    """The process that works on a job; None where none could be started: its page says then that it stopped."""
    try:
        return subprocess.Popen(  # noqa: S603 — our own program, with numbers of our own
            [*_COMMAND, kind, "run", str(job_id), "--lock", str(lock)],
            env=_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,  # what ends the server does not end an import
        )
    except OSError as error:  # too many processes, no memory
        current_app.logger.error("no process for %s %s: %s", kind, job_id, error)
        return None


def _wait_for(process: subprocess.Popen[bytes]) -> None:
    """Wait a little; and without keeping anybody, until it ends: so that it leaves no trace."""
    try:
        process.wait(_WAIT)
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, daemon=True).start()


def _environment(inherited: Mapping[str, str]) -> dict[str, str]:
    return {**inherited, **gate.settings().as_environment()}


def as_it_stands(job: ImportJob) -> ImportJob:
    """The job as it is by now: stopped, where it should be under way and its process is gone."""
    if job.state in RUNNING and not is_running(jobs_folder(), job.id):
        try:
            with writing(patience=_MOMENT) as session:  # nothing, where its process ended well a moment ago
                stop(session, job.id, GONE, now=datetime.now(UTC))
        except Busy:
            pass  # its own last transaction may still be ending: the page asks again soon
        db.session().refresh(job)
    return job
