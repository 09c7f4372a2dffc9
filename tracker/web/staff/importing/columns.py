"""What is in a table that nobody knows yet: its columns guessed, and a person's word on each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from flask import redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from tracker.curriculum.words import Role
from tracker.intake.guessing import Looked
from tracker.intake.preview import looked_from_json
from tracker.intake.reading import Reading
from tracker.models import ImportJob, JobState
from tracker.operations.jobs import read_again
from tracker.operations.profiles import save_profile
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.forms import Form
from tracker.web.gate import staff_only
from tracker.web.processes import begin
from tracker.web.staff.door import staff
from tracker.web.staff.importing.asking import LABELS, QUESTIONS, ZONES, columns_form, groups_of, wanted_by
from tracker.web.staff.importing.jobs import job_at


@staff.route("/imports/jobs/<int:job_id>/columns", methods=["GET", "POST"])
@staff_only
def import_columns(job_id: int) -> Response | tuple[str, int]:
    """Ask what the columns are; and read the file by the answer."""
    job = job_at(job_id)
    if job.state is not JobState.ASKING:
        return redirect(url_for(".import_job", job_id=job.id), 303)
    looked = looked_from_json(job.result["looked"])
    reading = Reading.from_json(job.options["reading"])
    asked = job.result["field"] if job.result["field"] in QUESTIONS else None
    form = columns_form(job, looked, reading, asked)
    if form.is_submitted():
        is_valid = form.validate()
        try:
            wanted = wanted_by(form, job.kind, looked, reading)
            if is_valid:
                begin(lambda session, _its_id: _read(session, job, wanted, looked, form), job.id)
                return redirect(url_for(".import_job", job_id=job.id), 303)
        except Refused as refusal:
            form.refuse(refusal)
    page = render_template(
        "staff/import_columns.html",
        form=form,
        job=job,
        looked=looked,
        asked=asked,
        groups=[] if asked else groups_of(job.kind),
        guessed=looked.guess,
        found={heading: LABELS[name] for name, heading in looked.guess.items()},
        words=[field for field in form if field.name.startswith("word_")],
        zones=ZONES,
    )
    return page, 422 if form.is_submitted() else 200


def _read(session: Session, job: ImportJob, wanted: Reading, looked: Looked, form: Form) -> bool:
    """Save the profile, if there is to be one, and let the file be read: both or neither."""
    now = datetime.now(UTC)
    name = " ".join((form.data.get("save_profile") or "").split())
    if name:
        save_profile(session, name, job.kind, wanted.as_json(), looked.headers, gate.actor(Role.STAFF), now)
        wanted = replace(wanted, profile=name)
    options = {**job.options, "reading": wanted.as_json(), "ask": False}
    return read_again(session, job, options, now=now)
