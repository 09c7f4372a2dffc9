"""`/reports/exports`: one's own long files: asking for one, how far it is, fetching it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

from flask import abort, current_app, flash, redirect, render_template, request, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from tracker.access.exports import export_for, exports_of, still_reaches
from tracker.intake.progress import forget, progress_of
from tracker.intake.queueing import is_under_way, waits_long
from tracker.language import _, mark
from tracker.models import Busy, ExportJob, db, writing
from tracker.operations.actor import Actor
from tracker.operations.exporting import (
    MADE,
    MAKING,
    ask_for_export,
    drop_export,
    drop_exports_before,
    make_again,
    stop_export,
)
from tracker.web import gate
from tracker.web.forms import Form
from tracker.web.gate import report_readers
from tracker.web.processes import begin, jobs_folder
from tracker.web.reports.door import reports
from tracker.web.reports.exporting.making import export_file, make_export
from tracker.web.reports.exporting.naming import disposition
from tracker.web.reports.exporting.writing import MEDIA_TYPES

_LONGEST_ADDRESS = 2_000
_FORMS = ("csv", "xlsx")
_MOMENT = 0.2  # seconds to wait for others before a page says that a file stopped
_GONE = mark("The process that made it ended before it was done. There is no file.")

# a process of its own knows the application, not its doors: it finds there how a file is made
reports.record_once(lambda state: state.app.extensions.update(exports=make_export))


class GoOnForm(Form):
    """A button alone."""


@reports.get("/exports")
@report_readers
def exports() -> str:
    jobs = [_as_it_stands(job) for job in exports_of(db.session(), gate.reach())]
    return render_template("reports/exports.html", jobs=jobs, days=gate.settings().keep_exports_days, form=GoOnForm())


@reports.post("/exports")
@report_readers
def ask_export() -> Response:
    """Begin to make the file that an address names: a file of the reports, whatever else it asks."""
    address = request.form.get("address", "")
    form = _form_of(address)
    if form is None:
        abort(400, _("This address names no file of a report. Go back to the report, and take its file from there."))
    purge_exports()

    def ask(session: Session, job_id: int) -> bool:
        ask_for_export(session, _actor(), address, form, now=datetime.now(UTC), job_id=job_id)
        return True

    return redirect(url_for(".export", its_id=begin(ask, kind="export")), 303)


@reports.get("/exports/<int:its_id>")
@report_readers
def export(its_id: int) -> str:
    """One file, whatever there is to say of it."""
    job = _as_it_stands(export_for(db.session(), gate.reach(), its_id))
    return render_template(
        "reports/export.html",
        job=job,
        is_open=still_reaches(gate.reach(), job.result.get("reach", {})) if job.state is MADE else False,
        progress=progress_of(jobs_folder(), job.id) if job.state is MAKING else None,
        waits_long=job.state is MAKING and waits_long(jobs_folder(), job.id, datetime.now(UTC)),
        until=job.changed_at + timedelta(days=gate.settings().keep_exports_days),
        report_url=job.address,
    )


@reports.get("/exports/<int:its_id>/file")
@report_readers
def export_fetched(its_id: int) -> Response:
    """The file, if its reader still may see all that they might see when it was made."""
    job = export_for(db.session(), gate.reach(), its_id)
    file = export_file(gate.settings(), job.id, job.form)
    if job.state is not MADE or not file.is_file() or not still_reaches(gate.reach(), job.result.get("reach", {})):
        abort(404)
    answer = send_file(file, mimetype=MEDIA_TYPES[job.form].partition(";")[0], conditional=False, etag=False)
    answer.headers["Content-Type"] = MEDIA_TYPES[job.form]
    answer.headers["Content-Disposition"] = disposition(job.file_name)
    return answer


@reports.post("/exports/<int:its_id>/again")
@report_readers
def export_again(its_id: int) -> Response:
    """Make it after all, where its process had ended."""
    job = export_for(db.session(), gate.reach(), its_id)

    def ask(session: Session, _id: int) -> bool:
        return make_again(session, _actor(), job, now=datetime.now(UTC))

    begin(ask, job.id, kind="export")
    return redirect(url_for(".export", its_id=job.id), 303)


@reports.post("/exports/<int:its_id>/drop")
@report_readers
def drop_one_export(its_id: int) -> Response:
    job = export_for(db.session(), gate.reach(), its_id)
    its_form = job.form
    with writing() as session:
        is_gone = drop_export(session, its_id)
    if is_gone:
        _remove(its_id, its_form)
        flash(_("The file is deleted."), "success")
    return redirect(url_for(".exports"), 303)


def purge_exports() -> None:
    """Delete the files whose time is over. The next that is asked for does what this one cannot."""
    before = datetime.now(UTC) - timedelta(days=gate.settings().keep_exports_days)
    try:
        with writing(patience=0.1) as session:
            dropped = drop_exports_before(session, before)
    except Busy:
        return
    for its_id in dropped:
        for form in _FORMS:
            _remove(its_id, form)


def _remove(its_id: int, form: str) -> None:
    file = export_file(gate.settings(), its_id, form)
    file.unlink(missing_ok=True)
    file.with_suffix(".part").unlink(missing_ok=True)
    forget(jobs_folder(), its_id)


def _actor() -> Actor:
    """The person of this request, as the first of their roles."""
    user, roles = gate.signed_in_user(), gate.reach().roles
    return Actor(user.id, min((role.value for role in roles), default=""), user.email)


def _form_of(address: str) -> str | None:
    """In which form an address asks for a report's file; None where it does not."""
    if gate.safe_path(address) is None or len(address) > _LONGEST_ADDRESS:
        return None
    path = unquote(urlsplit(address).path)
    try:
        values = current_app.url_map.bind("").match(path, method="GET")[1]
    except (HTTPException, RequestRedirect):
        return None
    form = values.get("form")
    return form if form in _FORMS else None


def _as_it_stands(job: ExportJob) -> ExportJob:
    """The job as it is by now: stopped, where it should be under way and its process is gone."""
    if job.state is MAKING and not is_under_way(jobs_folder(), job.id):
        try:
            with writing(patience=_MOMENT) as session:  # nothing, where its process ended well a moment ago
                stop_export(session, job.id, _GONE, now=datetime.now(UTC))
        except Busy:
            pass  # its own last transaction may still be ending: the page asks again soon
        db.session().refresh(job)
    return job
