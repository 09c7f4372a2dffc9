"""`tracker export`: the process of its own in which a report's file is made that is too long to be answered at once."""

from __future__ import annotations

import os
import resource
from contextlib import suppress

import click
from flask import current_app

from tracker.cli import main
from tracker.cli.running import now, with_app
from tracker.config import Settings
from tracker.intake.progress import Telling, hold
from tracker.language import mark
from tracker.models import IMPORTS_PATIENCE, ExportJob, db, writing
from tracker.models.trouble import DATABASE_ERRORS, in_words
from tracker.operations.exporting import MAKING, stop_export
from tracker.operations.refused import Refused

_MOST_MEMORY = 2 << 30  # bytes that it may write to
_LONGEST = 3_600  # seconds of work


@main.group(hidden=True)
def export() -> None:
    """Long files of reports, each in a process of its own."""


@export.command()
@click.argument("job_id", type=int)
@click.option("--lock", type=int, hidden=True, help="The open file that holds the job's lock, where it was inherited.")
@with_app
def run(job_id: int, lock: int | None) -> None:
    """Make the file that a person asked for."""
    settings: Settings = current_app.config["SETTINGS"]
    folder = settings.instance / "jobs"
    held = hold(folder, job_id) if lock is None else lock
    if held is None:
        raise Refused("job_running", f"The file {job_id} is being made already.")
    try:
        with db.session() as session:
            found = session.get(ExportJob, job_id)
        if found is None:
            raise Refused("unknown_job", f"There is no file {job_id} to be made.")
        if found.state is MAKING:
            _set_bounds()
            _make(job_id, Telling(folder, job_id))
    finally:
        os.close(held)


def _make(job_id: int, telling: Telling) -> None:
    """Make it, and say how that ended whatever happens."""
    try:
        current_app.extensions["exports"](job_id, telling)  # what the door of the reports does with a job
        return
    except Refused:
        raise
    except MemoryError:
        stopped = mark("The file needs more memory than it may take. Ask for less at once.")
    except DATABASE_ERRORS as error:
        stopped = in_words(error) or mark("The database refused something.")
        current_app.logger.error("export %s stopped", job_id, exc_info=error)
    except OSError as error:
        stopped = f"The file could not be kept: {error.strerror or 'the disk refused it'}."
        current_app.logger.error("export %s stopped", job_id, exc_info=error)
    except Exception as error:
        stopped = mark("Something went wrong on our side. It has been written down for whoever runs this server.")
        current_app.logger.error("export %s stopped", job_id, exc_info=error)
    db.session.remove()
    with writing(patience=IMPORTS_PATIENCE) as session:
        stop_export(session, job_id, stopped, now=now())


def _set_bounds() -> None:
    with suppress(ValueError, OSError):  # stricter ones are set already
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (_LONGEST, _LONGEST))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold members' names
