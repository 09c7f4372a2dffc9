"""Files in: choose one, see what it would do, then record it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from flask import abort, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField, FileRequired
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField, SubmitField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from tracker.coverage.batches import BatchOutcomes, batch_of_file, batch_outcomes, batches_page
from tracker.curriculum.words import Role
from tracker.intake.imports import Imported, import_completions, import_roster
from tracker.intake.originals import keep_original, original
from tracker.intake.tables import read_table
from tracker.models import db, trying
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.staff.door import staff

_KINDS = [
    SelectChoice("roster", "A roster: who is a member, and their cards"),
    SelectChoice("completions", "A report of completed courses, such as LinkedIn Learning's"),
]
_SAMPLE_ROWS = 4
_SAMPLE_COLUMNS = 12


class UploadForm(Form):
    kind = RadioField("What is in it?", [InputRequired("Say what is in the file.")], choices=_KINDS)
    file = FileField(
        "File",
        [FileRequired("Choose a file.")],
        description="A CSV or XLSX file of up to 64 MB, with a row of headings.",
        render_kw={"accept": ".csv,.tsv,.txt,.xlsx"},
    )
    submit = SubmitField("See what it would do")


class ConfirmForm(Form):
    """What was previewed. The file itself stayed here."""

    kind = HiddenField(validators=[InputRequired()])
    sha256 = HiddenField(validators=[InputRequired()])
    file_name = HiddenField(validators=[InputRequired(), no_longer_than(300)])


class Sample(NamedTuple):
    """The first rows of a file, as it is read."""

    headers: list[str]
    rows: list[list[str]]
    columns_left_out: int


@staff.get("/imports")
@staff_and_auditors
def imports() -> str:
    return _imports_page(UploadForm(formdata=None))


@staff.post("/imports/preview")
@staff_only
def preview_import() -> str | tuple[str, int]:
    """Keep the file and try it: the same act as recording it, rolled back at the end."""
    form = UploadForm()
    if form.validate():
        content, file_name = form.file.data.read(), Path(form.file.data.filename or "").name[:300] or "file"
        try:
            imported, outcomes = _import(form.kind.data, content, file_name, dry_run=True)
        except Refused as refusal:
            form.file.errors = [refusal.message, *map(str, refusal.faults)]
        else:
            sha256 = keep_original(_folder(), content)
            confirm = ConfirmForm(formdata=None, kind=form.kind.data, sha256=sha256, file_name=file_name)
            return render_template(
                "staff/import_preview.html",
                form=confirm,
                imported=imported,
                outcomes=outcomes,
                sample=_sample(content, file_name),
                before=batch_of_file(db.session(), sha256),
            )
    return _imports_page(form), 422


@staff.post("/imports")
@staff_only
def apply_import() -> Response | tuple[str, int]:
    """Record the file that was previewed."""
    form = ConfirmForm()
    if not form.validate():
        abort(400)
    try:
        content = original(_folder(), form.sha256.data or "")
        imported, _ = _import(form.kind.data or "", content, form.file_name.data or "", dry_run=False)
    except Refused as refusal:
        again = UploadForm(formdata=None, kind=form.kind.data)
        again.file.errors = [refusal.message]
        return _imports_page(again), 422
    flash(f"{form.file_name.data} is taken in: {imported.rows:,} rows.", "success")
    if imported.settled:
        flash(f"{imported.settled:,} reported completions that had waited found their member.", "success")
    return redirect(url_for(".import_outcome", batch_id=imported.batch_id), 303)


@staff.get("/imports/<int:batch_id>")
@staff_and_auditors
def import_outcome(batch_id: int) -> str:
    outcomes = batch_outcomes(db.session(), batch_id)
    if outcomes is None:
        abort(404)
    return render_template("staff/import_outcome.html", outcomes=outcomes)


def _imports_page(form: UploadForm) -> str:
    page = batches_page(db.session(), request.args.get("before", type=row_id))
    return render_template("staff/imports.html", form=form, page=page)


def _import(kind: str, content: bytes, file_name: str, *, dry_run: bool) -> tuple[Imported, BatchOutcomes]:
    """Import a file, or only try it; with how its rows ended, read before anything is rolled back."""
    acts = {"roster": import_roster, "completions": import_completions}
    if kind not in acts:
        raise Refused("unknown_kind", "Say what is in the file: a roster, or completed courses.", field="kind")
    with trying(dry_run) as session:
        imported = acts[kind](session, content, file_name, gate.actor(Role.STAFF), today=gate.today(), now=datetime.now(UTC))
        outcomes = batch_outcomes(session, imported.batch_id)
        assert outcomes is not None
        for row in (outcomes.batch, *outcomes.faults, *outcomes.waiting):
            session.expunge(row)  # so that a rollback leaves them to be shown
    return imported, outcomes


def _sample(content: bytes, file_name: str) -> Sample:
    table = read_table(content, file_name)
    rows = [row[1] for row in islice(table.rows, _SAMPLE_ROWS * 3) if isinstance(row[1], list)][:_SAMPLE_ROWS]
    shown = [cells[:_SAMPLE_COLUMNS] for cells in rows]
    return Sample(table.headers[:_SAMPLE_COLUMNS], shown, max(0, len(table.headers) - _SAMPLE_COLUMNS))


def _folder() -> Path:
    return gate.settings().instance / "imports"
