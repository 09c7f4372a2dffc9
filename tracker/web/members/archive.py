"""`/my/archive`: everything that is kept about oneself, as one file."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import partial

from flask import render_template, send_file
from werkzeug.wrappers import Response
from wtforms import SubmitField

from tracker.coverage.archive import GIVEN, counts_of, whose, write_archive
from tracker.curriculum.words import Role
from tracker.language import _, lazy
from tracker.models import Member, db, writing
from tracker.operations.archiving import note_archive
from tracker.operations.evidence import evidence_folder, file_of
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.forms import Form
from tracker.web.gate import member_only
from tracker.web.members.door import members, own_record
from tracker.web.reports.exporting.naming import disposition, file_name


class ArchiveForm(Form):
    submit = SubmitField(lazy("Make the archive and download it"))


@members.get("/my/archive")
@member_only
def archive() -> str:
    return _page(ArchiveForm())


@members.post("/my/archive")
@member_only
def take_archive() -> Response | tuple[str, int]:
    """Written to a file that has no name any more, and from there to the browser: memory holds a piece of it at a time."""
    now, member = datetime.now(UTC), own_record()
    try:
        with writing() as session:
            note_archive(session, member, gate.actor(Role.MEMBER), now=now)
    except Refused as refusal:
        if refusal.code == "busy":
            raise
        form = ArchiveForm()
        form.refuse(refusal)
        return _page(form), 429
    return archive_of(own_record(), _("my-training-record"), now)


def archive_of(member: Member, called: str, now: datetime) -> Response:
    """Everything kept about a member as an answer; that it is taken is noted already.

    Args:
        called: the beginning of the file's name.
    """
    settings = gate.settings()
    out = tempfile.TemporaryFile(dir=settings.instance)  # noqa: SIM115 — closed with the answer
    try:
        session = db.session()
        write_archive(
            session,
            whose(session, member),
            out,
            today=gate.today(),
            now=now,
            zone=settings.time_zone,
            file_of=partial(file_of, evidence_folder(settings.instance)),
        )
        size = out.tell()
        out.seek(0)
    except BaseException:
        out.close()
        raise
    answer = send_file(out, mimetype="application/zip", conditional=False, etag=False)
    answer.headers["Content-Length"] = str(size)
    answer.headers["Content-Disposition"] = disposition(file_name("zip", called, gate.today().isoformat()))
    return answer


def _page(form: ArchiveForm) -> str:
    session = db.session()
    counts = counts_of(session, whose(session, own_record()))
    return render_template(
        "members/archive.html",
        form=form,
        tables=[(GIVEN[name].words, count) for name, count in counts.items() if count],
    )
