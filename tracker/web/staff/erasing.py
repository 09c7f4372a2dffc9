"""What a member asked for on paper: everything that is kept about them as one file, and to be erased."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField
from wtforms.validators import InputRequired

from tracker.access.finding import member_for
from tracker.coverage.archive import GIVEN, counts_of, whose
from tracker.curriculum.words import Role
from tracker.intake.originals import has_original
from tracker.language import _, day, lazy, mark
from tracker.models import Member, db, trying, writing
from tracker.operations.archiving import note_archive
from tracker.operations.erasing import (
    ERASED,
    LONGEST_REASON,
    Erasing,
    erase_member,
    erasures_file,
    settle_files,
)
from tracker.operations.evidence import evidence_folder
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import staff_only
from tracker.web.members.archive import archive_of
from tracker.web.opened import opened
from tracker.web.staff.door import staff

_STAYS = {
    "membership": mark("Cards, with their days"),
    "assignment": mark("Paths that were asked"),
    "exemption": mark("Exemptions, without their reasons"),
    "completion": mark("Completed courses"),
    "provider_account": mark("That there were accounts at providers"),
    "eligibility": mark("What a local said about such accounts"),
}
_log = logging.getLogger(__name__)
_FOR_THE_PREVIEW = "…"  # its own reason is not known yet, and nothing of it is kept


class GiveForm(Form):
    submit = SubmitField(lazy("Make the archive and download it"))


class EraseForm(Form):
    reason = StringField(
        lazy("Why they are erased"),
        [InputRequired(lazy("Say why, in a few words.")), no_longer_than(LONGEST_REASON)],
        description=lazy("Such as “asked for it by letter on 3 March”. Without name or number: it is kept for good."),
        render_kw={"dir": "auto"},
    )
    number = StringField(
        lazy("Their member number, once more"),
        [InputRequired(lazy("Type the number that stands above.")), no_longer_than(200)],
        description=lazy("So that nobody is erased by a slip."),
        render_kw={"autocomplete": "off"},
    )
    submit = SubmitField(lazy("Erase them for good"))


@staff.route("/members/<int:member_id>/archive", methods=["GET", "POST"])
@staff_only
def archive(member_id: int) -> Response | str | tuple[str, int]:
    """A member's archive, for one who asked for it on paper. The member can read that their record was opened."""
    session, now, form = db.session(), datetime.now(UTC), GiveForm()
    found = member_for(session, gate.reach(), member_id, gate.today())
    opened(found.member_id, "record")
    if form.validate_on_submit():
        try:
            with writing() as write:
                note_archive(write, found, gate.actor(Role.STAFF), now=now)
        except Refused as refusal:
            if refusal.code == "busy":
                raise
            form.refuse(refusal)
        else:
            return archive_of(found, _("training-record"), now)
    counts = counts_of(session, whose(session, found))
    tables = [(GIVEN[name].words, count) for name, count in counts.items() if count]
    page = render_template("staff/archive.html", member=found, form=form, tables=tables)
    return (page, 429) if form.errors else page


@staff.route("/members/<int:member_id>/erase", methods=["GET", "POST"])
@staff_only
def erase(member_id: int) -> Response | tuple[str, int]:
    """What erasing a member would do, in counts; and the act, once their number is typed."""
    found = member_for(db.session(), gate.reach(), member_id, gate.today())
    form = EraseForm()
    if form.validate_on_submit():
        if (form.number.data or "").strip() != found.number:
            form.number.errors = [_("This is not their number: it is %(number)s.", number=found.number)]
        else:
            try:
                return _erased(found, form.reason.data or "")
            except Refused as refusal:
                if refusal.code == "busy":
                    raise
                form.refuse(refusal)
    return _preview(found, form)


def _erased(found: Member, reason: str) -> Response:
    now, member_id = datetime.now(UTC), found.member_id
    with writing(alone=True) as session:
        done = erase_member(session, member_id, reason, gate.actor(Role.STAFF), today=gate.today(), now=now)
    folder = gate.settings().instance
    trouble = settle_files(db.session(), erasures_file(folder), evidence_folder(folder), done.files, now)
    flash(_("Erased. Every figure is what it was."), "success")
    for where, error in trouble.items():
        _log.error("an erasure could not be written down in %s: the purge tries again", where.name, exc_info=error)
    if trouble:
        told = _(
            "The erasure stands, but the files beside the database could not all be written or removed. It is tried again "
            "each day; tell whoever runs this server."
        )
        flash(told, "error")
    if kept := _originals(done):
        last = max(until for _name, until in kept)
        flash(_("The last imported file that held a row of theirs is removed on %(day)s.", day=day(last)), "success")
    return redirect(url_for(".member", member_id=member_id), 303)


def _preview(found: Member, form: EraseForm) -> tuple[str, int]:
    """The act, tried and rolled back: a preview can be no other than what will happen."""
    done: Erasing | None = None
    refusal: Refused | None = None
    told = {"name": found.name, "number": found.number, "member_id": found.member_id}
    try:
        with trying(True, alone=False) as session:
            done = _tried(session, found.member_id)
    except Refused as no:
        if no.code == "busy":
            raise
        refusal = no
    page = render_template(
        "staff/erase.html",
        member=told,
        form=form,
        refusal=refusal,
        gone=[(ERASED[name].words, count) for name, count in done.gone.items() if count] if done else [],
        stays=[(_STAYS[name], count) for name, count in done.stays.items() if count] if done else [],
        files=len(done.files) if done else 0,
        open_cards=done.open_cards if done else 0,
        originals=_originals(done) if done else [],
    )
    return page, 409 if refusal else 422 if form.errors else 200


def _tried(session: Session, member_id: int) -> Erasing:
    return erase_member(
        session, member_id, _FOR_THE_PREVIEW, gate.actor(Role.STAFF), today=gate.today(), now=datetime.now(UTC)
    )


def _originals(done: Erasing) -> list[tuple[str, date]]:
    """The files of imports that are still kept and held a row of theirs, and the day on which each goes."""
    settings = gate.settings()
    kept = [each for each in done.originals if has_original(settings.instance / "imports", each.sha256)]
    days = timedelta(days=settings.keep_imports_days)
    return [(each.file_name, (each.recorded_at + days).astimezone(settings.time_zone).date()) for each in kept]
