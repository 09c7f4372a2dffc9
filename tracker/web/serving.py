"""What a process that serves pages does beside answering: for `tracker serve`, and for gunicorn's configuration.

gunicorn, in its configuration file::

    def on_starting(server):             # before a process is copied
        count_together()
    def post_worker_init(worker):        # in each process, once it is its own
        warm(worker.wsgi)
    def child_exit(server, worker):
        forget_process(worker.pid)

and ``drain(app)`` wherever a process learns that it is to end.
"""

from __future__ import annotations

import os
import tempfile
import threading

from flask import Flask

from tracker.intake.processes import count_together
from tracker.language import read_texts

__all__ = ["count_together", "drain", "forget_process", "is_draining", "stand_by", "warm"]


def stand_by(app: Flask) -> None:
    """Let whoever starts the application find what is here without knowing this door."""
    app.extensions["draining"] = threading.Event()
    app.extensions["serving"] = {"warm": lambda: warm(app), "drain": lambda: drain(app)}


def warm(app: Flask) -> None:
    """Begin what every process that answers requests does beside it, in threads of its own: to be called after the last
    fork, once. It writes the log, settles statements that a process before could not, and has the texts and the charts'
    script ready before the first page asks for them."""
    app.extensions["logs"]()
    tempfile.gettempdir()  # found by writing there, so it must be looked for while there is room
    app.extensions["settling"].soon()
    threading.Thread(target=read_texts, name="texts", daemon=True).start()
    app.extensions["page_script"].soon()


def drain(app: Flask) -> None:
    """Say from now on that this process is not ready, so that a proxy sends nothing more: it is about to end."""
    app.extensions["draining"].set()


def is_draining(app: Flask) -> bool:
    """Whether this process is about to end."""
    found: threading.Event = app.extensions["draining"]
    return found.is_set()


def forget_process(pid: int) -> None:
    """Count no more what a process that is gone had under way. What it had counted stays counted."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client.multiprocess import mark_process_dead  # only now: what it counts in must be known before

        mark_process_dead(pid)  # type: ignore[no-untyped-call]
