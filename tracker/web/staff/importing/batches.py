"""One import that was recorded: how its rows ended, the file of outcomes, and taking it back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePath
from urllib.parse import quote

from flask import Response as FileAnswer
from flask import abort, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from tracker.coverage.batches import BatchOutcomes, batch_of, batch_outcomes
from tracker.coverage.jobs import job_of_batch
from tracker.coverage.roster_batches import roster_changes
from tracker.coverage.roster_changes import RosterDiff
from tracker.curriculum.words import Outcome, Role
from tracker.intake.originals import has_original
from tracker.intake.outcomes import outcomes_csv, row_ends
from tracker.models import Batch, db
from tracker.operations.batches import what_undo_touches
from tracker.operations.jobs import RUNNING, UNDO, open_undo
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.processes import begin
from tracker.web.staff.door import staff
from tracker.web.staff.importing.jobs import GoOnForm
from tracker.web.staff.importing.process import as_it_stands, originals_folder

_MOST_COMPARED = 10_000  # rows


@staff.get("/imports/<int:batch_id>")
@staff_and_auditors
def import_outcome(batch_id: int) -> Response | str:
    session = db.session()
    outcomes = batch_outcomes(session, batch_id)
    if outcomes is None:
        abort(404)
    if outcomes.batch.kind == "merge":
        return redirect(url_for(".merged", batch_id=batch_id), 303)
    if outcomes.batch.kind == "class":
        return redirect(url_for(".class_one", batch_id=batch_id), 303)
    undoing = job_of_batch(session, batch_id, UNDO) if gate.reach().is_staff and outcomes.undone is None else None
    return render_template(
        "staff/import_outcome.html",
        outcomes=outcomes,
        changes=_changes(session, outcomes),
        undoing=undoing,
        has_original=has_original(originals_folder(), outcomes.batch.sha256),
    )


def _changes(session: Session, outcomes: BatchOutcomes) -> RosterDiff | None:
    """Who changed by a roster. Not after it was undone, nor of one so large that its page would take seconds."""
    batch = outcomes.batch
    if batch.kind != "roster" or outcomes.undone is not None or dict(outcomes.counts)[Outcome.RECORDED] > _MOST_COMPARED:
        return None
    return roster_changes(session, batch, batch.recorded_at.astimezone(gate.settings().time_zone).date())


@staff.get("/imports/<int:batch_id>/outcomes.csv")
@staff_and_auditors
def import_outcomes_file(batch_id: int) -> FileAnswer:
    """How every row ended. Everything but the original is read before the first byte goes out."""
    ends = row_ends(db.session(), _batch(batch_id), gate.settings().time_zone)
    name = f"{PurePath(ends.batch.file_name).stem[:100] or 'import'}-outcomes.csv"
    ascii_name = "".join(each if each.isascii() and (each.isalnum() or each in " .-_") else "_" for each in name)
    disposition = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"
    return FileAnswer(
        outcomes_csv(ends, originals_folder()),
        mimetype="text/csv",
        headers={"Content-Disposition": disposition},
    )


@staff.get("/imports/<int:batch_id>/undo")
@staff_only
def undo_import(batch_id: int) -> Response | str:
    """What taking the import back would do."""
    batch = _batch(batch_id)
    preview = what_undo_touches(db.session(), batch)
    if preview.undone_at is not None:
        return redirect(url_for(".import_outcome", batch_id=batch_id), 303)
    return render_template("staff/import_undo.html", form=GoOnForm(formdata=None), batch=batch, preview=preview)


@staff.post("/imports/<int:batch_id>/undo")
@staff_only
def apply_undo(batch_id: int) -> Response | tuple[str, int]:
    """Take the import back. A large one takes as long as recording it did, so it has a process of its own, too."""
    batch = _batch(batch_id)
    under_way = job_of_batch(db.session(), batch_id, UNDO)
    if under_way is not None and as_it_stands(under_way).state in RUNNING:
        return redirect(url_for(".import_job", job_id=under_way.id), 303)
    form = GoOnForm()
    try:
        job_id = begin(lambda session, its_id: _undo(session, batch, its_id))
    except Refused as refusal:
        form.refuse(refusal)
        preview = what_undo_touches(db.session(), batch)
        return render_template("staff/import_undo.html", form=form, batch=batch, preview=preview), 422
    return redirect(url_for(".import_job", job_id=job_id), 303)


def _undo(session: Session, batch: Batch, job_id: int) -> bool:
    open_undo(session, batch, gate.actor(Role.STAFF), now=datetime.now(UTC), job_id=job_id)
    return True


def _batch(batch_id: int) -> Batch:
    batch = batch_of(db.session(), batch_id)
    if batch is None:
        abort(404)
    return batch
