"""Two members who turn out to be one person: found, seen side by side, made one, and undone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import StringField, SubmitField
from wtforms.validators import InputRequired

from tracker.coverage.desk.doubles import merge_told, namesakes_page, sharing_an_address, side_of
from tracker.coverage.finding import find_member
from tracker.coverage.records import member_record
from tracker.curriculum.words import Role
from tracker.language import _, lazy, word
from tracker.models import Batch, Member, db, trying, writing
from tracker.operations.batches import undo_batch, what_undo_touches
from tracker.operations.merging import Merged, merge_members
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.fields import no_longer_than
from tracker.web.forms import Form
from tracker.web.gate import staff_and_auditors, staff_only
from tracker.web.ids import row_id
from tracker.web.staff.desk.sharing import counts
from tracker.web.staff.door import staff


class PairForm(Form):
    keep = StringField(
        lazy("The member to keep"),
        [InputRequired(lazy("Give a number or an e-mail.")), no_longer_than(200)],
        description=lazy("Their member number or e-mail. Everything will be theirs."),
    )
    gone = StringField(
        lazy("The member who is the same person"),
        [InputRequired(lazy("Give a number or an e-mail.")), no_longer_than(200)],
        description=lazy("Their member number or e-mail. It will lead to the first."),
    )
    submit = SubmitField(lazy("See them side by side"))


class StandingBeside(NamedTuple):
    """A path's state for each of two members, and what it would be for the one they would be."""

    title: str
    keep: str
    gone: str
    after: str


@staff.get("/merge")
@staff_and_auditors
def merge() -> str | tuple[str, int]:
    """Two members side by side, and what making them one would do; or who might be one."""
    keep, gone = (_member(name) for name in ("keep", "gone"))
    if keep is not None and gone is not None:
        return _preview(keep, gone)
    form = PairForm(formdata=None, keep=keep.number if keep else "", gone=gone.number if gone else "")
    return _suggestions(form)


@staff.post("/merge/pair")
@staff_only
def merge_pair() -> Response | tuple[str, int]:
    """The page of two members that were named."""
    form = PairForm()
    if form.validate():
        session = db.session()
        found = {field.name: find_member(session, field.data or "") for field in (form.keep, form.gone)}
        for name, member in found.items():
            if member is None:
                form[name].errors = [_("No member, or more than one, has this number or e-mail.")]
        keep, gone = found["keep"], found["gone"]
        if keep is not None and gone is not None:
            return redirect(url_for(".merge", keep=keep.member_id, gone=gone.member_id), 303)
    return _suggestions(form), 422


@staff.post("/merge")
@staff_only
def do_merge() -> Response:
    """Make two members one."""
    keep, gone = (_posted(name) for name in ("keep", "gone"))
    now = datetime.now(UTC)
    try:
        with writing() as session:
            done = merge_members(session, keep, gone, gate.actor(Role.STAFF), today=gate.today(), now=now)
    except Refused as refusal:
        flash(refusal.message, "error")
        return redirect(url_for(".merge", keep=keep.member_id, gone=gone.member_id), 303)
    said = _(
        "%(gone)s (%(gone_number)s) is %(keep)s (%(keep_number)s) from now on.",
        gone=gone.name,
        gone_number=gone.number,
        keep=keep.name,
        keep_number=keep.number,
    )
    flash(said, "success")
    for sentence in done.sign_ins:
        flash(sentence, "success")
    return redirect(url_for(".merged", batch_id=done.batch_id), 303)


@staff.get("/merges/<int:batch_id>")
@staff_and_auditors
def merged(batch_id: int) -> str:
    """What a merge did, and the way to undo it."""
    session = db.session()
    told = merge_told(session, batch_id)
    if told is None:
        abort(404)
    return render_template("staff/merged.html", told=told, touched=what_undo_touches(session, told.batch))


@staff.post("/merges/<int:batch_id>/undo")
@staff_only
def undo_merge(batch_id: int) -> Response:
    """Make the one member two again."""
    told = merge_told(db.session(), batch_id)
    if told is None:
        abort(404)
    try:
        with writing(alone=True) as session:
            batch = session.get_one(Batch, batch_id)
            undo_batch(session, batch, gate.actor(Role.STAFF), today=gate.today(), now=datetime.now(UTC))
    except Refused as refusal:
        flash(refusal.message, "error")
    else:
        said = _(
            "%(gone)s (%(gone_number)s) and %(keep)s (%(keep_number)s) are two again.",
            gone=told.gone.name,
            gone_number=told.gone.number,
            keep=told.keep.name,
            keep_number=told.keep.number,
        )
        flash(said, "success")
    return redirect(url_for(".merged", batch_id=batch_id), 303)


def _suggestions(form: PairForm) -> str:
    session, today = db.session(), gate.today()
    after = request.args.get("after", type=_pair)
    return render_template(
        "staff/merge.html",
        form=form,
        shared=sharing_an_address(session, today) if after is None else [],
        namesakes=namesakes_page(session, today, after),
        **counts(session),
    )


def _pair(text: str) -> tuple[int, int]:
    one, _dash, other = text.partition("-")
    return row_id(one), row_id(other)


def _preview(keep: Member, gone: Member) -> str | tuple[str, int]:
    """The act, tried and rolled back: a preview can be no other than what will happen."""
    session = db.session()
    sides = side_of(session, keep), side_of(session, gone)
    before = _states(session, keep), _states(session, gone)
    refusal: Refused | None = None
    after: dict[str, tuple[str, str]] = {}
    done: Merged | None = None
    if gate.reach().is_staff:
        try:
            with trying(True, alone=False) as trial:
                now = datetime.now(UTC)
                done = merge_members(trial, keep, gone, gate.actor(Role.STAFF), today=gate.today(), now=now)
                after = _states(trial, keep)
        except Refused as found:
            refusal = found
    titles = {code: title for states in (*before, after) for code, (title, _state) in states.items()}
    nothing = ("", _("not asked"))
    standings = [
        StandingBeside(title, *(states.get(code, nothing)[1] for states in (*before, after)))
        for code, title in sorted(titles.items(), key=lambda each: each[1])
    ]
    page = render_template(
        "staff/merge_preview.html",
        keep=sides[0],
        gone=sides[1],
        standings=standings,
        done=done,
        refusal=refusal,
        both=sides[0].keys & sides[1].keys,
    )
    return page, 409 if refusal else 200


def _states(session: Session, member: Member) -> dict[str, tuple[str, str]]:
    """Title and state of every path asked of a member today, by the path's code."""
    record = member_record(session, member, gate.today())
    return {each.path.code: (each.path.title, word(each.state.value)) for each in record.paths}


def _member(name: str) -> Member | None:
    """The member whose id the address names."""
    its_id = request.args.get(name, type=row_id)
    if its_id is None:
        return None
    found = db.session().scalar(select(Member).where(Member.member_id == its_id))
    if found is None:
        abort(404)
    return found


def _posted(name: str) -> Member:
    its_id: Any = request.form.get(name, type=row_id)
    found = db.session().scalar(select(Member).where(Member.member_id == its_id))
    if found is None:
        abort(404)
    return found
