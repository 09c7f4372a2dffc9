"""`tracker job`: the process of its own in which an import from a page is read, and later recorded.

It parses what strangers made, so it has bounds of memory and time, and whatever becomes of it the server goes on.
"""

from __future__ import annotations

import os
import resource
import signal
from contextlib import AbstractContextManager, suppress
from dataclasses import fields
from types import FrameType
from typing import BinaryIO

import click
from flask import current_app
from sqlalchemy.orm import Session

from tracker.access.roles import reach_of
from tracker.cli import main
from tracker.cli.running import now, today, with_app
from tracker.config import Settings
from tracker.coverage.derivation import NothingApplied
from tracker.curriculum.words import Role
from tracker.intake.guessing import Looked, look
from tracker.intake.imports import StagedImport, staged_import
from tracker.intake.originals import original
from tracker.intake.preview import Preview, looked_as_json, preview_of
from tracker.intake.progress import Telling, hold
from tracker.intake.reading import Reading
from tracker.models import IMPORTS_PATIENCE, Batch, ImportJob, JobState, User, db, writing
from tracker.models.trouble import DATABASE_ERRORS, in_words
from tracker.operations import jobs
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.batches import undo_batch
from tracker.operations.refused import Refused
from tracker.operations.roster import Full

_MOST_MEMORY = 1 << 30  # bytes of addresses: an import of any length needs a quarter of it
_READING_TIME, _RECORDING_TIME = 600, 3_600  # seconds of work; waiting for others does not count
_GRACE = 30  # seconds more to say so
_MOST_FAULTS = 200
_NOTHING_APPLIED = (
    "No courses and no policy are loaded yet. Whoever runs the tracker does it with `tracker union apply` and "
    "`tracker catalogue apply`."
)

# The refusals that a person can answer at the columns: a table that nothing known fits, and whatever names a part of it.
_ASKED_CODES = frozenset(("unknown_table",))
_ASKED_FIELDS = frozenset(field.name for field in fields(Reading))


class _TooLong(Exception):
    """The process has worked for as long as it may."""


@main.group(hidden=True)
def job() -> None:
    """Imports from the pages, each in a process of its own."""


@job.command()
@click.argument("job_id", type=int)
@click.option("--lock", type=int, hidden=True, help="The open file that holds the job's lock, where it was inherited.")
@with_app
def run(job_id: int, lock: int | None) -> None:
    """Go on with an import: read its file, or record it once a person has confirmed it."""
    settings: Settings = current_app.config["SETTINGS"]
    folder = settings.instance / "jobs"
    held = hold(folder, job_id) if lock is None else lock
    if held is None:
        raise Refused("job_running", f"The import {job_id} is being worked on already.")
    try:
        with db.session() as session:
            found = session.get(ImportJob, job_id)
        if found is None:
            raise Refused("unknown_job", f"There is no import {job_id} under way.")
        if found.state in jobs.RUNNING:
            _set_bounds(_READING_TIME if found.state is JobState.READING else _RECORDING_TIME)
            _work(found, settings, Telling(folder, job_id))
    finally:
        os.close(held)  # at once: who confirms what was just shown need not wait until this process is gone


def _set_bounds(seconds: int) -> None:
    with suppress(ValueError, OSError):  # stricter ones are set already
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    with suppress(ValueError, OSError):
        signal.signal(signal.SIGXCPU, _too_long)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + _GRACE))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold members' names


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise _TooLong


def _work(job: ImportJob, settings: Settings, telling: Telling) -> None:
    """Do the job's next step, and say how it ended whatever happens."""
    stopped = ""
    try:
        if job.kind == jobs.UNDO:
            _undo(job, telling)
        elif job.state is JobState.READING:
            _read(job, settings, telling)
        else:
            _record(job, settings, telling)
    except NothingApplied:
        _refuse(job, Refused("nothing_applied", _NOTHING_APPLIED))
    except Refused as refusal:
        _refuse(job, refusal)
    except MemoryError:
        stopped = "The file needs more memory than an import may take. Split it, or save it as CSV."
    except _TooLong:
        stopped = "The file takes longer than an import may work on it. Split it."
    except DATABASE_ERRORS as error:
        stopped = in_words(error) or "The database refused something."
        _tell(job, error)
    except Exception as error:
        stopped = "Something went wrong on our side. It has been written down for whoever runs this server."
        _tell(job, error)
    if stopped:
        db.session.remove()
        with writing(patience=IMPORTS_PATIENCE) as session:
            jobs.stop(session, job.id, stopped, now=now())


def _refuse(job: ImportJob, refusal: Refused) -> None:
    with writing(patience=IMPORTS_PATIENCE) as session:
        jobs.refuse(session, job.id, refusal, {"faults": [str(fault) for fault in refusal.faults[:_MOST_FAULTS]]}, now=now())


def _tell(job: ImportJob, error: Exception) -> None:
    """Write down what went wrong, for whoever runs the server."""
    current_app.logger.error("import %s stopped", job.id, exc_info=error)


def _read(job: ImportJob, settings: Settings, telling: Telling) -> None:
    """Read the file and find out what recording it would do, or what a person must say first."""
    session: Session = db.session()
    options = job.options
    reading = Reading.from_json(options["reading"])
    with original(settings.instance / "imports", job.sha256) as stream:
        if options.get("ask"):
            found, refusal = None, None
        else:
            found, refusal = _tried(session, job, reading, stream, telling)
        looked = None if found else _looked(job, reading, stream, refusal)
    session.rollback()
    with writing(patience=IMPORTS_PATIENCE) as session:
        if found is not None:
            jobs.show(session, job.id, {"preview": found.as_json()}, now=now())
        elif looked is not None:
            result = {"looked": looked_as_json(looked), "field": refusal.field if refusal else None}
            jobs.ask(session, job.id, result, _question(refusal), now=now())


def _tried(
    session: Session, job: ImportJob, reading: Reading, stream: BinaryIO, telling: Telling
) -> tuple[Preview | None, Refused | None]:
    """The preview; or why a person must say first how the file is to be read."""
    try:
        with _staged(session, job, _whoever_asked(session, job), reading, stream, telling) as staged:
            imported = staged.preview(session, telling)
            telling.tell("Gathering the rows")
            return preview_of(imported, stream, job.file_name), None
    except Refused as refusal:
        if refusal.code not in _ASKED_CODES and refusal.field not in _ASKED_FIELDS:
            raise
        return None, refusal


def _looked(job: ImportJob, reading: Reading, stream: BinaryIO, refusal: Refused | None) -> Looked:
    """What the file shows, with what was said of it so far; without, where that does not fit the file."""
    try:
        return look(stream, job.file_name, job.kind, reading)
    except Refused:
        try:
            return look(stream, job.file_name, job.kind)
        except Refused as hopeless:
            raise refusal or hopeless from None


def _question(refusal: Refused | None) -> str:
    """What a person reads above the columns. A table that nobody knows needs no excuse: the page asks what it is."""
    return refusal.message if refusal is not None and refusal.code not in _ASKED_CODES else ""


def _record(job: ImportJob, settings: Settings, telling: Telling) -> None:
    """Record what was previewed and confirmed: the batch and the job's own end in one transaction."""
    session: Session = db.session()
    actor = _actor(session, job)
    with original(settings.instance / "imports", job.sha256) as stream:
        reading = Reading.from_json(job.options["reading"])
        with (
            _staged(session, job, actor, reading, stream, telling) as staged,
            writing(alone=True, patience=IMPORTS_PATIENCE) as session,
        ):
            imported = staged.record(session, actor, now=now(), watch=telling)
            jobs.finish(session, job.id, imported.batch_id, now=now())


def _undo(job: ImportJob, telling: Telling) -> None:
    """Take a batch back: that and the job's own end in one transaction."""
    actor = _actor(db.session(), job)
    telling.tell("Undoing")
    with writing(alone=True, patience=IMPORTS_PATIENCE) as session:
        batch = session.get_one(Batch, job.batch_id)
        undo_batch(session, batch, actor, today=today(), now=now())
        jobs.finish(session, job.id, batch.id, now=now())


def _staged(
    session: Session, job: ImportJob, by: Actor, reading: Reading, stream: BinaryIO, telling: Telling
) -> AbstractContextManager[StagedImport]:
    full = job.options.get("full")
    return staged_import(
        session,
        job.kind,
        stream,
        job.file_name,
        reading=reading,
        full=None if full is None else Full(None if full["units"] is None else frozenset(full["units"])),
        accept_leaving=job.options.get("accept_leaving"),
        today=today(),
        by=by,
        watch=telling,
    )


def _whoever_asked(session: Session, job: ImportJob) -> Actor:
    """Who brought the file: most likely they confirm it too."""
    user = session.get(User, job.requested_by or 0)
    return Actor(user.id, Role.STAFF.value, user.email) if user else OPERATOR


def _actor(session: Session, job: ImportJob) -> Actor:
    """Whoever confirmed the job, as staff: if they still are.

    Raises:
        Refused: ``not_staff``.
    """
    user = session.get(User, job.options.get("confirmed_by") or 0)
    if user is None or not reach_of(session, user, today()).is_staff:
        raise Refused("not_staff", "Whoever confirmed this is not training staff any more: nothing was recorded.")
    return Actor(user.id, Role.STAFF.value, user.email)
