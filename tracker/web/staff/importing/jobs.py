"""One import on its way: how far it is, what it would do, and the word that records it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, IntegerField
from wtforms.validators import Optional

from tracker.coverage.batches import batch_of_file, outcomes_of
from tracker.coverage.jobs import job_of, kept_hashes
from tracker.curriculum.words import Outcome, Role
from tracker.intake.originals import remove_original
from tracker.intake.preview import Braked, Preview
from tracker.intake.progress import forget, progress_of
from tracker.intake.queueing import waits_long
from tracker.language import _, lazy, number
from tracker.models import ImportJob, JobState, db, writing
from tracker.operations.jobs import RUNNING, UNDO, confirm, drop_job, read_again, undo_again
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import staff_only
from tracker.web.processes import begin, jobs_folder
from tracker.web.staff.door import staff
from tracker.web.staff.importing.process import as_it_stands, originals_folder

_OUTCOMES = {each.value.replace(" ", "-"): each for each in Outcome}


class NumberField(IntegerField):
    """A whole number, written as people write it: 1,204."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        written = [each.replace(",", "").replace(" ", "") for each in valuelist]
        try:
            super().process_formdata(written)
        except ValueError:
            raise ValueError(_("Type the number itself.")) from None


class ConfirmForm(Form):
    """The word that records what was previewed. ``seen`` is which preview it was: someone may have read anew since."""

    seen = HiddenField(validators=[no_longer_than(40)])
    accept_leaving = NumberField(
        lazy("How many leave?"),
        [Optional()],
        description=lazy("If that is right, type their number."),
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )

    def says(self, brake: Braked | None) -> bool:
        """Whether it has the word that the brake asks for, if there is a brake."""
        if brake is None or self.accept_leaving.data == brake.leaving:
            return True
        self.accept_leaving.errors = [_("Type %(number)s, if it is right that so many leave.", number=number(brake.leaving))]
        return False


class GoOnForm(Form):
    """A button alone."""


@staff.get("/imports/jobs/<int:job_id>")
@staff_only
def import_job(job_id: int) -> Response | str:
    """The one page of an import on its way, whatever there is to show."""
    job = job_at(job_id)
    if job.state is JobState.RECORDED:
        return redirect(url_for(".import_outcome", batch_id=job.batch_id), 303)
    if job.state is JobState.ASKING:
        return redirect(url_for(".import_columns", job_id=job.id), 303)
    if job.state is JobState.PREVIEWED:
        return _preview_page(job, ConfirmForm(formdata=None))
    if job.state in RUNNING:
        return render_template(
            "staff/import_running.html",
            form=GoOnForm(formdata=None),
            job=job,
            progress=progress_of(jobs_folder(), job.id),
            waits_long=waits_long(jobs_folder(), job.id, datetime.now(UTC)),
        )
    return render_template("staff/import_stopped.html", job=job)


@staff.get("/imports/jobs/<int:job_id>/rows")
@staff_only
def import_rows(job_id: int) -> Response | str:
    """The rows behind one count of a preview."""
    job = job_at(job_id)
    if job.state is not JobState.PREVIEWED:
        return redirect(url_for(".import_job", job_id=job.id), 303)
    outcome = _OUTCOMES.get(request.args.get("outcome", ""))
    if outcome is None:
        abort(404)
    return render_template("staff/import_rows.html", job=job, preview=preview_in(job), outcome=outcome)


@staff.post("/imports/jobs/<int:job_id>/record")
@staff_only
def record_import(job_id: int) -> Response | tuple[str, int]:
    """Record what was previewed: once, however often it is asked."""
    job = job_at(job_id)
    form = ConfirmForm()
    if job.state is not JobState.PREVIEWED:
        return redirect(url_for(".import_job", job_id=job.id), 303)
    brake = preview_in(job).brake
    if form.seen.data not in (None, "", job.changed_at.isoformat()):
        form.refuse(
            Refused(
                "read_anew",
                _("The file was read anew since you looked, perhaps otherwise: this is what it would do now."),
            )
        )
    elif form.validate() and form.says(brake):
        try:
            begin(lambda session, _its_id: _confirm(session, job, form), job.id)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for(".import_job", job_id=job.id), 303)
    return _preview_page(job, form), 422


@staff.post("/imports/jobs/<int:job_id>/again")
@staff_only
def read_import_again(job_id: int) -> Response:
    """Start again where a job had stopped; or go to the columns, where they are to be said otherwise."""
    job = job_at(job_id)
    options = {**job.options, "ask": "ask" in request.form}

    def again(session: Session, _its_id: int) -> bool:
        now = datetime.now(UTC)
        return undo_again(session, job, now=now) if job.kind == UNDO else read_again(session, job, options, now=now)

    begin(again, job.id)
    return redirect(url_for(".import_job", job_id=job.id), 303)


@staff.post("/imports/jobs/<int:job_id>/drop")
@staff_only
def drop_import(job_id: int) -> Response:
    """Record nothing, and forget that there was a file."""
    job = job_at(job_id)
    with writing() as session:
        is_gone = drop_job(session, job.id)
    if is_gone:
        forget(jobs_folder(), job.id)
        if job.sha256 not in kept_hashes(db.session()):
            remove_original(originals_folder(), job.sha256)
        flash(_("%(file)s is forgotten: nothing of it was recorded.", file=job.file_name), "success")
    return redirect(url_for(".imports"), 303)


def job_at(job_id: int) -> ImportJob:
    """The job of an address, as it stands by now."""
    job = job_of(db.session(), job_id)
    if job is None:
        abort(404)
    return as_it_stands(job)


def preview_in(job: ImportJob) -> Preview:
    """What a job that is previewed has found."""
    return Preview.from_json(job.result["preview"])


def _confirm(session: Session, job: ImportJob, form: ConfirmForm) -> bool:
    agreed = {"accept_leaving": form.accept_leaving.data} if form.accept_leaving.data is not None else {}
    return confirm(session, job, agreed, gate.actor(Role.STAFF), now=datetime.now(UTC))


def _preview_page(job: ImportJob, form: ConfirmForm) -> str:
    preview = preview_in(job)
    form.seen.data = job.changed_at.isoformat()
    rows = {
        outcome.value: url_for(".import_rows", job_id=job.id, outcome=word)
        for word, outcome in _OUTCOMES.items()
        if outcome in preview.rows
    }
    return render_template(
        "staff/import_preview.html",
        form=form,
        job=job,
        preview=preview,
        counts=[(outcome, preview.outcomes[outcome]) for outcome in outcomes_of(preview.kind)],
        links=rows,
        before=batch_of_file(db.session(), job.sha256),
    )
