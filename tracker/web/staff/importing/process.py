"""What an import's job is by now, and where its files lie."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tracker.intake.queueing import is_under_way
from tracker.language import mark
from tracker.models import Busy, ImportJob, db, writing
from tracker.operations.jobs import RUNNING, stop
from tracker.web import gate
from tracker.web.processes import jobs_folder

_MOMENT = 0.2  # seconds to wait for others before a page says that a job stopped

GONE = mark("The process that worked on it ended before it was done. Nothing was recorded.")


def originals_folder() -> Path:
    return gate.settings().instance / "imports"


def as_it_stands(job: ImportJob) -> ImportJob:
    """The job as it is by now: stopped, where it should be under way and its process is gone."""
    if job.state in RUNNING and not is_under_way(jobs_folder(), job.id):
        try:
            with writing(patience=_MOMENT) as session:  # nothing, where its process ended well a moment ago
                stop(session, job.id, GONE, now=datetime.now(UTC))
        except Busy:
            pass  # its own last transaction may still be ending: the page asks again soon
        db.session().refresh(job)
    return job
