"""Work that a page begins and a process of its own goes on with, so that what it meets is not met by the server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from tracker.intake.progress import hold
from tracker.models import new_id, writing
from tracker.web import gate
from tracker.web.speaking import spoken

_WAIT = 3.0  # seconds a request waits for what it began, so that small work needs no page in between
_COMMAND = (sys.executable, "-P", "-c", "from tracker.cli import main; main()")


def jobs_folder() -> Path:
    return gate.settings().instance / "jobs"


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
    process = None
    try:
        with writing() as session:
            is_ours = act(session, job_id)
        if is_ours:
            process = _started((kind, "run", str(job_id)), lock)
    finally:
        os.close(lock)  # from here on the process holds it alone
    _wait_for(process)
    return job_id


def start(folder: Path, its_id: int, *words: str) -> None:
    """Let a process of its own work on what lies in a folder, unless one does already; waits a little for it."""
    lock = hold(folder, its_id)
    if lock is None:
        return
    try:
        process = _started((*words, str(its_id)), lock)
    finally:
        os.close(lock)
    _wait_for(process)


def _started(words: tuple[str, ...], lock: int) -> subprocess.Popen[bytes] | None:
    """The process that runs a command of ours; None where none could be started: its page says then that it stopped."""
    try:
        return subprocess.Popen(  # noqa: S603 — our own program, with numbers of our own
            [*_COMMAND, *words, "--lock", str(lock)],
            env={**os.environ, **gate.settings().as_environment(), "TRACKER_SPEAK": spoken()},  # as whoever asked
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,  # what ends the server does not end an import
        )
    except OSError as error:  # too many processes, no memory
        current_app.logger.error("no process for %s: %s", " ".join(words), error)
        return None


def _wait_for(process: subprocess.Popen[bytes] | None) -> None:
    """Wait a little; and without keeping anybody, until it ends: so that it leaves no trace."""
    if process is None:
        return
    try:
        process.wait(_WAIT)
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, daemon=True).start()
