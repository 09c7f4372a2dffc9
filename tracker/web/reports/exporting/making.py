"""The job itself: the report's own view once more, as the reader who asked for it, into a file.

So page, file and job are one code path, and a job sees what its reader may see at the time it runs, and no more.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, current_app, g
from flask_login import login_user
from werkzeug.exceptions import HTTPException, NotFound

from tracker.access.exports import reach_as_json
from tracker.config import Settings
from tracker.intake.progress import Telling
from tracker.language import mark
from tracker.models import IMPORTS_PATIENCE, ExportJob, User, db, writing
from tracker.operations.actor import Actor
from tracker.operations.exporting import finish_export, refuse_export
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.reports.exporting.writing import Making

_GONE = mark("This report is not there for you, or not any more. No file was made.")


def export_file(settings: Settings, job_id: int, form: str) -> Path:
    """Where a job's file lies."""
    return settings.instance / "exports" / f"{job_id}.{form}"


def make_export(job_id: int, telling: Telling) -> None:
    """Make the file of a job and say so, or say why there is none. To be run by a process of its own.

    Raises:
        Refused: ``unknown_job``.
    """
    job = db.session.get(ExportJob, job_id)
    if job is None:
        raise Refused("unknown_job", f"There is no file {job_id} to be made.")
    settings: Settings = current_app.config["SETTINGS"]
    file = export_file(settings, job.id, job.form)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    making = Making(file, job.form, telling)
    telling.tell(mark("Gathering the figures"))
    address, requested_by = job.address, job.requested_by
    try:
        kept = _made(address, requested_by, making)
    except NotFound:
        reason = _GONE
    except HTTPException as error:
        reason = error.description or error.name
    except Refused as refusal:
        reason = refusal.message
    else:
        reason = "" if making.rows is not None else _GONE
    db.session.remove()
    with writing(patience=IMPORTS_PATIENCE) as session:
        now = datetime.now(UTC)
        if reason or making.rows is None:
            refuse_export(session, job_id, reason, now=now)
        elif not finish_export(session, job_id, making.name, making.rows, kept[1], kept[0], now=now):
            file.unlink(missing_ok=True)  # it was taken for stopped meanwhile


def _made(address: str, requested_by: int, making: Making) -> tuple[Actor, dict[str, object]]:
    """Ask the report for its file as that person, at the gate and all; who made it, and with which reach."""
    user = db.session.get(User, requested_by)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with app.test_request_context(address):
        if user is None or not login_user(user):
            raise NotFound
        g.making = making
        app.preprocess_request() or app.dispatch_request()
        reach = gate.reach()
        role = min((each.value for each in reach.roles), default="")
        size = making.file.stat().st_size if making.rows is not None else 0
        return Actor(requested_by, role, user.email), {"reach": reach_as_json(reach), "bytes": size}
