"""Work that a page begins and a process of its own goes on with, so that what it meets is not met by the server.

The page starts that process itself; or, where the settings say so, `tracker worker` does, on whichever server it runs.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from tracker.intake.processes import REQUEST, SPEAK, started
from tracker.intake.progress import hold
from tracker.intake.queueing import KINDS, QUEUE_ERRORS, Queue, Waiting, drop_note, note
from tracker.models import db, new_id, writing
from tracker.web import gate
from tracker.web.speaking import spoken
from tracker.web.watching import request_id

_WAIT = 3.0  # seconds a request waits for what it began, so that small work needs no page in between


def jobs_folder() -> Path:
    return gate.settings().instance / "jobs"


def begin(act: Callable[[Session, int], bool], job_id: int | None = None, *, kind: str = "job") -> int:
    """Take a job's step, and let a process of its own go on from there. Waits a little for it.

    The lock is taken before the step and inherited by the process: a job that is under way is never without its holder. One
    that waits for a worker has a note instead, which is made before the step, too.

    Args:
        act: the step, in one transaction; False where there was nothing to do.
        job_id: the job; None for a new one, whose id ``act`` is given.
        kind: what goes on with it: "job" for `tracker job run`, "export" for `tracker export run`.

    Raises:
        Busy: others are writing. Nothing was done.
    """
    job_id = job_id or new_id()

    def step() -> bool:
        with writing() as session:
            return act(session, job_id)

    _go_on(kind, job_id, step)
    return job_id  # also where somebody was quicker: its page shows how far it is


def start(kind: str, its_id: int) -> None:
    """Let a process of its own work on what lies in a folder, unless one does already; waits a little for it."""
    _go_on(kind, its_id, lambda: True)


def _go_on(kind: str, its_id: int, step: Callable[[], bool]) -> None:
    folder_name, words = KINDS[kind]
    folder = gate.settings().instance / folder_name
    lock = hold(folder, its_id)
    if lock is None:
        return
    process, is_ours = None, False
    has_worker = gate.settings().has_worker
    try:
        if has_worker:
            note(folder, its_id, Waiting(kind, spoken(), request_id(), time.time()))
        is_ours = step()
        if is_ours and not has_worker:
            process = started((*words, str(its_id)), lock, _environment())
    finally:
        if has_worker and not is_ours:
            drop_note(folder, its_id)
        os.close(lock)  # from here on the process holds it alone
    if has_worker and is_ours:
        _put(kind, its_id)
    _wait_for(process)


def _environment() -> dict[str, str]:
    """What a process is told that goes on as whoever asked."""
    return {**gate.settings().as_environment(), SPEAK: spoken(), REQUEST: request_id()}


def _put(kind: str, its_id: int) -> None:
    queue = current_app.extensions.get("queue")
    try:
        if queue is None:
            queue = current_app.extensions["queue"] = Queue(db.engine, gate.settings().instance)
        queue.put(kind, its_id)
    except QUEUE_ERRORS as error:  # a worker finds it by its note
        current_app.logger.warning("a job could not be put into the queue: %s", type(error).__name__)


def _wait_for(process: subprocess.Popen[bytes] | None) -> None:
    """Wait a little; and without keeping anybody, until it ends: so that it leaves no trace."""
    if process is None:
        return
    try:
        process.wait(_WAIT)
    except subprocess.TimeoutExpired:
        threading.Thread(target=process.wait, daemon=True).start()
