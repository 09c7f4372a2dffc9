"""Files of evidence: taken in by any form that has a field for one, and given to those who may read them, one at a time."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from flask import Blueprint, abort, render_template, send_file
from flask_wtf.file import FileField
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField
from wtforms.validators import InputRequired

from tracker.access.evidence import evidence_for, evidence_with_reason_for
from tracker.curriculum.words import Role
from tracker.language import lazy
from tracker.models import Evidence, db, writing
from tracker.operations.evidence import (
    OF_WHO_RECORDS,
    Quota,
    StoredFile,
    Tally,
    evidence_folder,
    file_of,
    keep_file,
    open_with_reason,
    tally_folder,
    touched,
)
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import opened_to
from tracker.web.opened import opened

evidence = Blueprint("evidence", __name__)

_log = logging.getLogger(__name__)

# What a person may choose from. Named one by one, a phone turns its own photo formats into one of these by itself.
ACCEPTED = "image/jpeg,image/png,image/webp,application/pdf,.jpg,.jpeg,.png,.webp,.pdf"

_GUARDED = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}


class ReasonForm(Form):
    """What an administrator says before they are given a member's evidence."""

    reason = StringField(
        lazy("Why you need to see it"),
        [InputRequired(lazy("Say why, in a few words.")), no_longer_than(200)],
        description=lazy("The member can read this, with the day, and that an administrator wrote it."),
    )
    submit = SubmitField(lazy("Note the reason and open the file"))


@evidence.route("/evidence/<int:member_id>/<int:evidence_id>", methods=["GET", "POST"])
@opened_to(lambda reach: True, lambda reach: reach.is_admin)
def read(member_id: int, evidence_id: int) -> Response | str | tuple[str, int]:
    """The file, for whoever may read it; for an administrator a form that asks why, and then the file."""
    session = db.session()
    try:
        found = evidence_for(session, gate.reach(), member_id, evidence_id, gate.today())
    except NotFound:
        return _for_a_reason(evidence_with_reason_for(session, gate.reach(), member_id, evidence_id))
    if not gate.reach().is_own_record(member_id):
        opened(member_id, "evidence")
    return _given(found)


def _for_a_reason(found: Evidence) -> Response | str | tuple[str, int]:
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with writing() as session:
                actor = gate.actor(Role.ADMIN)
                open_with_reason(session, found, form.reason.data or "", actor, now=datetime.now(UTC))
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _given(found)
    page = render_template("members/evidence_reason.html", form=form, evidence=found)
    return (page, 422) if form.is_submitted() else page


def _given(found: Evidence) -> Response:
    """The file to keep, never to be run or drawn in our name."""
    place = file_of(evidence_folder(gate.settings().instance), found.sha256 or "")
    if not place.is_file():
        _log.error("the file of evidence %s is not in the evidence folder", found.id)
        abort(404)
    answer = send_file(
        place,
        mimetype=found.media_type,
        as_attachment=True,
        download_name=found.file_name,
        conditional=False,
        etag=False,
        last_modified=None,
    )
    answer.headers.update(_GUARDED)
    return answer


def file_sent(field: FileField, most: Quota = OF_WHO_RECORDS) -> StoredFile | None:
    """The file that came in a form's field, checked and kept; None where none was chosen.

    Args:
        most: what the person of this request may have kept within a day, whatever becomes of their forms.

    Raises:
        Refused: what :func:`keep_file` raises, at this field.
    """
    sent = field.data
    if not isinstance(sent, FileStorage) or not sent.filename:
        return None
    instance = gate.settings().instance
    tally = Tally(tally_folder(instance), gate.signed_in_user().id, most)
    try:
        return keep_file(evidence_folder(instance), cast(BinaryIO, sent.stream), sent.filename, tally)
    except Refused as refusal:
        raise Refused(refusal.code, refusal.message, field=field.short_name) from refusal
    finally:
        sent.close()


# A form that comes back with a fault cannot hold its file again: browsers empty the field. So the file is kept already, and
# the page holds a note of it. Nobody can write one: else one could have another person's file by its hash.


def note_of(file: StoredFile) -> str:
    """A file that was kept, as a hidden field carries it to the next sending of the same form."""
    return str(_notes().dumps([gate.signed_in_user().id, *file]))


def file_of_note(note: str) -> StoredFile | None:
    """The file that a hidden field carries, kept anew; None where it is not this person's own note, or the file went
    meanwhile."""
    try:
        whose, *said = _notes().loads(note)
    except (BadSignature, ValueError):
        return None
    if whose != gate.signed_in_user().id:
        return None
    file = StoredFile(*said)
    return file if touched(evidence_folder(gate.settings().instance), file.sha256) else None


def _notes() -> Any:
    return URLSafeSerializer(gate.settings().secret_key, salt="file of evidence")
