"""A file comes in. And the list of those that came before, or are on their way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, RadioField, StringField, SubmitField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from tracker.config import LARGEST_REQUEST
from tracker.coverage.batches import batches_page
from tracker.coverage.finding import find_unit
from tracker.coverage.jobs import job_lines, kept_hashes, open_jobs
from tracker.curriculum.words import Role
from tracker.intake.originals import has_original, keep_original, purge_originals
from tracker.intake.progress import forget
from tracker.intake.reading import Reading
from tracker.language import _, lazy
from tracker.models import Busy, db, writing
from tracker.models.trouble import DATABASE_ERRORS
from tracker.operations.jobs import drop_jobs_before, open_job
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form, takes
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.processes import begin, jobs_folder
from tracker.web.staff.door import staff
from tracker.web.staff.importing.process import as_it_stands, originals_folder

_LARGEST = LARGEST_REQUEST // 2**20  # MB
_TOO_LARGE = lazy("The file is larger than %(most)s MB. Split it first.", most=_LARGEST)
_KINDS = [
    SelectChoice("completions", lazy("Completed courses: a report such as LinkedIn Learning’s")),
    SelectChoice("roster", lazy("A roster: who is a member, and their cards")),
    SelectChoice("accounts", lazy("People with an account at a provider")),
]
_FULL = [
    SelectChoice("", lazy("No, it holds changes only: nobody leaves for not being in it")),
    SelectChoice("union", lazy("Yes, for the whole union")),
    SelectChoice("units", lazy("Yes, for some locals or districts")),
]
_UNTOUCHED = timedelta(days=1)  # a preview that nobody confirms is forgotten after so long, and its file with it


class UploadForm(Form):
    file = FileField(
        lazy("File"),
        description=lazy(
            "A table with a row of headings, as CSV, XLSX, XLS or ODS, of up to %(most)s MB. Drop it here, or choose it.",
            most=_LARGEST,
        ),
        render_kw={
            "accept": ".csv,.tsv,.txt,.xlsx,.xls,.ods",
            "data-most-bytes": str(LARGEST_REQUEST),
            "data-too-large": _TOO_LARGE,
        },
    )
    kind = RadioField(lazy("What is in it?"), [InputRequired(lazy("Say what is in the file."))], choices=_KINDS)
    full = RadioField(
        lazy("Is the roster complete?"),
        choices=_FULL,
        default="",
        description=lazy("Whoever has a card where the file is complete, and is not in it, has left."),
    )
    units = StringField(
        lazy("Complete for which?"),
        [no_longer_than(500)],
        description=lazy("Numbers of locals or districts, with commas between them: 80, 600."),
        render_kw={"autocomplete": "off"},
    )
    every_account = BooleanField(
        lazy("The list is complete"),
        description=lazy("Then an account that it does not name is closed. Leave it open otherwise."),
    )
    kept = HiddenField()  # a file that came with an earlier try of this form, and is here still
    kept_name = HiddenField(validators=[no_longer_than(300)])
    submit = SubmitField(lazy("See what it would do"))

    def validate_file(self, field: FileField) -> None:
        if not field.data and not self.has_kept:
            raise ValidationError(_("Choose a file."))

    @property
    def has_kept(self) -> bool:
        """Whether the file came already."""
        return has_original(originals_folder(), self.kept.data or "")

    def keep(self) -> None:
        """Keep the file that came, whatever becomes of the rest of the form."""
        if self.file.data:
            with self.file.data.stream as stream:
                self.kept.data = keep_original(originals_folder(), stream)
            self.kept_name.data = _plain_name(self.file.data.filename)


@staff.get("/imports")
@staff_and_auditors
def imports() -> str:
    return _imports_page(UploadForm(formdata=None, kind="completions"))


def _said_of_larger() -> str:
    return _(
        "The file is larger than %(most)s MB. Split it; or ask whoever runs the tracker to load it on the server, "
        "with `tracker completions import` or `tracker roster import`, where no such limit holds.",
        most=_LARGEST,
    )


@staff.post("/imports")
@staff_only
@takes(LARGEST_REQUEST, _said_of_larger)
def upload_import() -> Response | tuple[str, int]:
    """Keep the file, and let a process of its own try it."""
    form = UploadForm()
    try:
        form.keep()
    except OSError as error:
        current_app.logger.error("a file cannot be kept: %s", error)
        form.refuse(
            Refused("not_kept", _("The file could not be kept: the disk is full, or cannot be written."), field="file")
        )
        return _imports_page(form), 507
    if form.validate():
        try:
            job_id = begin(lambda session, its_id: _open(session, its_id, form))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            _purge()
            return redirect(url_for(".import_job", job_id=job_id), 303)
    return _imports_page(form), 422


def _open(session: Session, job_id: int, form: UploadForm) -> bool:
    options: dict[str, Any] = {"reading": Reading().as_json()}
    if form.kind.data == "roster" and form.full.data:
        options["full"] = {"units": _units(session, form.units.data or "") if form.full.data == "units" else None}
    if form.kind.data == "accounts" and form.every_account.data:
        options["full"] = {"units": None}
    actor = gate.actor(Role.STAFF)
    file_name, sha256 = _plain_name(form.kept_name.data), form.kept.data or ""
    open_job(session, form.kind.data, file_name, sha256, options, actor, now=datetime.now(UTC), job_id=job_id)
    return True


def _plain_name(sent: str | None) -> str:
    """What the sender calls the file, without its folder and without signs that turn or break the text around them."""
    name = "".join(filter(str.isprintable, sent or "")).replace("\\", "/")
    return Path(name).name[:300] or "file"


def _units(session: Session, text: str) -> list[int]:
    """The ids of the units that a text names.

    Raises:
        Refused: ``nobody``, ``unknown_unit``.
    """
    numbers = [number.strip() for number in text.replace(";", ",").split(",") if number.strip()]
    if not numbers:
        raise Refused("nobody", _("Say for which locals or districts it is complete."), field="units")
    found = {number: find_unit(session, number) for number in numbers}
    unknown = [number for number, unit in found.items() if unit is None]
    if unknown:
        raise Refused(
            "unknown_unit", _("No local or district is known as %(names)s.", names=", ".join(unknown)), field="units"
        )
    return [unit.id for unit in found.values() if unit is not None]


def _purge() -> None:
    """Forget what nobody confirmed since yesterday, and the files whose time is over. The next upload does what this
    one cannot."""
    now = datetime.now(UTC)
    try:
        with writing(patience=0.1) as session:
            dropped = drop_jobs_before(session, now - _UNTOUCHED)
    except (Busy, *DATABASE_ERRORS) as error:  # the import is begun, and must be told of
        current_app.logger.warning("what is over was not removed: %s", type(error).__name__)
        return
    for job_id in dropped:
        forget(jobs_folder(), job_id)
    kept = kept_hashes(db.session(), now - timedelta(days=gate.settings().keep_imports_days))
    purge_originals(originals_folder(), now - _UNTOUCHED, kept)


def _imports_page(form: UploadForm) -> str:
    session = db.session()
    before = request.args.get("before", type=row_id)
    jobs = [as_it_stands(job) for job in open_jobs(session)] if gate.reach().is_staff and before is None else []
    return render_template(
        "staff/imports.html", form=form, jobs=job_lines(session, jobs), page=batches_page(session, before)
    )
